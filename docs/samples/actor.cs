#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/ActorSocket/ActorSocket.csproj

// An actor of yours for each client: it gets what the client says as messages, and has its state and timers to itself.
using ActorSocket;
using Akka.Actor;
using Akka.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddAkka("sample", akka => akka.WithActorSocket());
builder.Services.AddActorSocket();

var app = builder.Build();
var system = app.Services.GetRequiredService<ActorSystem>();
app.MapActorSocket().OnConnection(socket => socket.ForwardTo(system.ActorOf(Props.Create(() => new Player(socket)))));

await app.RunAsync();

internal sealed class Player : ReceiveActor, IWithTimers
{
    private int _clicks;

    public Player(Socket socket)
    {
        Receive<SocketMessages.Connected>(_ => Timers.StartPeriodicTimer("count", Count.Instance, TimeSpan.FromSeconds(1)));
        Receive<SocketMessages.Event>(click => click.Name == "click", click =>
        {
            _clicks++;
            click.Ack?.Send(_clicks);
        });
        Receive<SocketMessages.Event>(_ => { }); // not ours
        Receive<Count>(_ => socket.Emit("clicks", _clicks));
        Receive<SocketMessages.Disconnected>(_ => Context.Stop(Self));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private sealed class Count { public static readonly Count Instance = new(); }
}
