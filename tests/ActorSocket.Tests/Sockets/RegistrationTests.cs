using System.Reflection;
using System.Text.RegularExpressions;
using ActorSocket.Configuration;
using ActorSocket.Sockets;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Tests.Sockets;

/// <summary>What registers a handler gives something that takes it off again.</summary>
public sealed class RegistrationTests : ServerTest
{
    private static readonly Regex NameOfOn = new("^(?:On|Once|Prepend)(?:[A-Z]|$)", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public void Every_On_can_be_undone()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var wrong = ((Assembly[])[typeof(Socket).Assembly, typeof(EngineIoServer).Assembly, typeof(ActorSocketClusterOptions).Assembly])
            .SelectMany(static assembly => assembly.GetExportedTypes())
            .SelectMany(static type => type.GetMethods(All))
            .Where(static method => NameOfOn.IsMatch(method.Name))
            // What is overridden is called, and not registered.
            .Where(static method => !method.IsVirtual && method.ReturnType != typeof(IDisposable))
            .Select(static method => $"{method.DeclaringType!.Name}.{method.Name}");
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_handler_of_connections_that_was_taken_off_runs_no_more()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        io.OnConnection(_ => heard.Add("first"));
        var second = io.OnConnection(_ => heard.Add("second"));
        await ConnectAsync(io);
        second.Dispose();
        second.Dispose();
        await ConnectAsync(io);
        Assert.Equal(["first", "second", "first"], heard);
    }

    [Fact]
    public async Task A_handler_may_take_itself_off_and_others_and_the_connection_goes_on_with_those_it_began_with()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        IDisposable? first = null, second = null;
        first = io.OnConnection(async _ =>
        {
            first!.Dispose();
            second!.Dispose();
            await Task.Yield();
            heard.Add("first");
        });
        second = io.OnConnection(_ => heard.Add("second"));
        io.OnConnection(_ => heard.Add("third"));
        await ConnectAsync(io);
        await ConnectAsync(io);
        Assert.Equal(["first", "second", "third", "third"], heard);
    }

    [Fact]
    public async Task A_handler_that_is_taken_off_while_it_runs_goes_on_to_its_end()
    {
        var io = new ActorSocketServer(NewServer());
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var registration = io.OnConnection(async socket =>
        {
            entered.TrySetResult();
            await goes.Task;
            socket.Emit("done");
        });
        var webSocket = new FakeWebSocket();
        (await OpenAsync(io.Server, webSocket)).Send("40");
        await entered.Task.WaitAsync(Patience);
        registration.Dispose();
        goes.SetResult();
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("42[\"done\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task What_is_taken_off_a_template_is_taken_off_the_namespaces_made_from_it()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        var template = io.OfDynamic(new Regex("^/room-", RegexOptions.None, TimeSpan.FromSeconds(1)));
        template.OnConnection(_ => heard.Add("stays"));
        var registration = template.OnConnection(_ => heard.Add("goes"));
        await ConnectAsync(io, "/room-1");
        registration.Dispose();
        await ConnectAsync(io, "/room-1");
        await ConnectAsync(io, "/room-2");
        Assert.Equal(["stays", "goes", "stays", "stays"], heard);
    }

    [Fact]
    public void A_handler_of_new_namespaces_that_was_taken_off_runs_no_more()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        IDisposable? registration = null;
        registration = io.OnNewNamespace(ns =>
        {
            heard.Add(ns.Name);
            registration!.Dispose();
        });
        io.Of("/a");
        io.Of("/b");
        Assert.Equal(["/a"], heard);
    }

    [Fact]
    public void A_handler_of_refused_requests_that_was_taken_off_runs_no_more()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<int>();
        var registration = io.OnConnectionError(error => heard.Add(error.Code));
        io.Server.Http.RaiseConnectionError(Error(1));
        registration.Dispose();
        io.Server.Http.RaiseConnectionError(Error(2));
        Assert.Equal([1], heard);

        static ConnectionError Error(int code) =>
            new(new DefaultHttpContext(), code, "", new Dictionary<string, string>(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_a_namespace_has_of_its_own_stays_when_its_template_loses_the_same()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        var template = io.OfDynamic(new Regex("^/room-", RegexOptions.None, TimeSpan.FromSeconds(1)));
        io.Of("/room-1").OnConnection(Hear);
        template.OnConnection(Hear).Dispose(); // never inherited
        await ConnectAsync(io, "/room-1");
        Assert.Equal(["/room-1"], heard);

        Task Hear(Socket socket)
        {
            heard.Add(socket.Namespace.Name);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task What_is_taken_off_a_template_while_a_namespace_is_made_from_it_is_not_left_there()
    {
        var io = new ActorSocketServer(NewServer());
        var heard = new List<string>();
        var template = io.OfDynamic(new Regex("^/room-", RegexOptions.None, TimeSpan.FromSeconds(1)));
        var registration = template.OnConnection(_ => heard.Add("goes"));
        template.OnConnection(_ => heard.Add("stays"));
        var made = new NamespaceServices(io.Server, "/room-1", template.Services);
        registration.Dispose();
        made.TakePlace();
        await made.RaiseConnectionAsync(null!);
        Assert.Equal(["stays"], heard);
        Assert.Same(made, template.Services.Children!["/room-1"]);
    }

    [Fact]
    public async Task Registrations_from_many_threads_are_all_there_and_all_gone()
    {
        var list = new CallbackList<int>();
        var adding = Enumerable.Range(0, 100).Select(_ => Task.Run(() => list.Add(static _ => Task.CompletedTask)));
        var registrations = await Task.WhenAll(adding);
        Assert.Equal(100, list.Current.Length);
        await Task.WhenAll(registrations.Select(static one => Task.Run(one.Dispose)));
        Assert.Empty(list.Current);
    }

    /// <summary>Completes when the handlers of the connection are done: the client's first event waits for them.</summary>
    private async Task ConnectAsync(ActorSocketServer io, string ns = "/")
    {
        var prefix = ns == "/" ? "" : ns + ",";
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var last = io.Of(ns).OnConnection(socket => socket.On("done?", done.SetResult));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(io.Server, webSocket);
        session.Send("40" + prefix);
        Assert.StartsWith("40" + prefix + "{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("42" + prefix + "[\"done?\"]");
        await done.Task.WaitAsync(Patience);
    }
}
