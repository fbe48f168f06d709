using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Benchmarks;

/// <summary>The servers written in .NET that a load generator talks to.</summary>
internal static class Servers
{
    private static readonly Barrier Meeting = new(2);
    private static readonly HttpClient Http = new();

    /// <summary>
    /// ActorSocket: <c>echo</c>, <c>join</c>, <c>broadcast</c> as every peer has them, <c>relay</c> and <c>stats</c> for other generators,
    /// and handlers that block.
    /// </summary>
    /// <param name="isStock">Whether Kestrel's own transport serves it.</param>
    public static Task RunActorSocketAsync(string[] args, bool isStock = false)
    {
        var builder = NewBuilder(args);
        if (!isStock)
            builder.WebHost.UseActorSocketTransport();
        builder.Services.AddActorSocket();
        var app = builder.Build();
        var io = app.MapActorSocket();
        var blocks = app.Configuration.GetValue("blocks", false);
        io.OnConnection(socket =>
        {
            socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload));
            socket.On("join", async (string room, Ack ack) =>
            {
                await socket.JoinAsync(room);
                ack.Send();
            });
            socket.On("broadcast", (string room, SocketArguments args) => io.To(room).Emit("bcast", args[1]));
            socket.On("relay", (string room, SocketArguments args) => socket.To(room).Emit("bcast", args[1]));
            socket.On("stats", () => new
            {
                connections = io.ConnectionCount,
                workingSet = Environment.WorkingSet,
                managed = GC.GetTotalMemory(forceFullCollection: false),
                allocated = GC.GetTotalAllocatedBytes(),
                collections = new[] { GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2) },
            });
            if (blocks)
                MapBlocking(socket, app);
        });
        if (blocks)
            app.MapGet("/sleep", static (int ms) => Sleep(ms));
        return RunAsync(app);
    }

    /// <summary>What a handler should not do, and does (<see cref="Guard"/>).</summary>
    private static void MapBlocking(Socket socket, WebApplication app)
    {
        socket.On("sleep", static (int ms) => Sleep(ms));
        socket.On("compute", static (int ms) =>
        {
            var end = Stopwatch.GetTimestamp() + (ms * Stopwatch.Frequency / 1000);
            while (Stopwatch.GetTimestamp() < end)
            {
            }
            return "done";
        });
        socket.On("meet", static () =>
        {
            Meeting.SignalAndWait();
            return "done";
        });
        socket.On("call", (int ms) => Http.GetStringAsync(new Uri($"{app.Urls.First()}/sleep?ms={ms}")).GetAwaiter().GetResult());
    }

    private static string Sleep(int ms)
    {
        Thread.Sleep(ms);
        return "done";
    }

    public static Task RunSignalRAsync(string[] args)
    {
        var builder = NewBuilder(args);
        // The generator sends nothing while its connections idle; SignalR's client would ping.
        builder.Services.AddSignalR(static options => options.ClientTimeoutInterval = TimeSpan.FromHours(1));
        var app = builder.Build();
        app.MapHub<EchoHub>("/hub");
        return RunAsync(app);
    }

    /// <summary>Kestrel's own WebSocket and nothing else: what is left to lose above it.</summary>
    public static Task RunRawAsync(string[] args)
    {
        var app = NewBuilder(args).Build();
        var rooms = new ConcurrentDictionary<string, ConcurrentDictionary<RawConnection, bool>>(StringComparer.Ordinal);
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var webSocket = await context.WebSockets.AcceptWebSocketAsync();
            await new RawConnection(webSocket, rooms).RunAsync();
        });
        return RunAsync(app);
    }

    private static WebApplicationBuilder NewBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var port = builder.Configuration.GetValue("port", 3000);
        var certificate = builder.Configuration.GetValue("tls", false) ? Tls.NewCertificate() : null;
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port, endpoint =>
            {
                if (certificate is not null)
                    endpoint.UseHttps(certificate);
            })
        );
        return builder;
    }

    private static async Task RunAsync(WebApplication app)
    {
        await app.StartAsync();
        Console.WriteLine($"listening on {app.Urls.First()}");
        await app.WaitForShutdownAsync();
    }
}

#pragma warning disable CA1515, CA1822, MA0048 // a hub is found by its public, instance methods
public sealed class EchoHub : Hub
{
    public string Echo(string payload) => payload;

    public async Task<string> Join(string room)
    {
        await Groups.AddToGroupAsync(Context.ConnectionId, room);
        return "";
    }

    public Task Broadcast(string room, string payload) => Clients.Group(room).SendAsync("bcast", payload);
}
#pragma warning restore CA1515, CA1822, MA0048

/// <summary>One connection of the raw server; its wire is <see cref="Load.RawDialect"/>'s.</summary>
#pragma warning disable CA1001 // a semaphore whose wait handle nobody asks for holds nothing
internal sealed class RawConnection(WebSocket webSocket, ConcurrentDictionary<string, ConcurrentDictionary<RawConnection, bool>> rooms)
#pragma warning restore CA1001
{
    private const int NameEnd = 1 + Load.RawDialect.RoomLength;
    private readonly SemaphoreSlim _sending = new(1);

    public async Task RunAsync()
    {
        var buffer = new byte[8 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                var read = await webSocket.ReceiveAsync(buffer.AsMemory(length), default);
                if (read.MessageType == WebSocketMessageType.Close)
                    return;
                length += read.Count;
                if (!read.EndOfMessage)
                    continue;
                await HandleAsync(buffer.AsMemory(0, length), read.MessageType);
                length = 0;
            }
        }
        catch (WebSocketException)
        {
            // The generator closes without a word.
        }
        finally
        {
            foreach (var members in rooms.Values)
                members.TryRemove(this, out _);
        }
    }

    private async ValueTask HandleAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        switch (message.Span[0])
        {
            case (byte)'J':
                rooms.GetOrAdd(Encoding.ASCII.GetString(message.Span[1..]), static _ => [])[this] = true;
                await SendAsync(message, type);
                break;
            case (byte)'B':
                foreach (var (member, _) in rooms[Encoding.ASCII.GetString(message.Span[1..NameEnd])])
                    await member.SendAsync(message, type);
                break;
            default:
                await SendAsync(message, type);
                break;
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        await _sending.WaitAsync();
        try
        {
            if (webSocket.State == WebSocketState.Open)
                await webSocket.SendAsync(message, type, endOfMessage: true, default);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // A member of an earlier run that is gone.
        }
        finally
        {
            _sending.Release();
        }
    }
}
