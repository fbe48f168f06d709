using ActorSocket.Sockets;
using System.Text.Json;
using Akka.Actor;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>Clients that lose their connection and come back, in the bare protocol.</summary>
public abstract class RecoveryTest : ServerTest
{
    private protected ServerServices StartServer(Action<ActorSocketOptions>? configure = null, TimeProvider? time = null)
    {
        var server = NewServer(
            o =>
            {
                o.ConnectionStateRecovery = new RecoveryOptions();
                configure?.Invoke(o);
            },
            time);
        server.Namespaces.GetOrAdd("/", server);
        return server;
    }

    private protected async Task<(FakeWebSocket WebSocket, TestSession Session)> OpenAsync(ServerServices server)
    {
        var webSocket = new FakeWebSocket();
        return (webSocket, await OpenAsync(server, webSocket));
    }

    private protected async Task<Joined> JoinAsync(ServerServices server)
    {
        var (webSocket, session) = await OpenAsync(server);
        session.Send("40");
        return await JoinedAsync(server, webSocket, session);
    }

    private protected async Task<Joined> ComeBackAsync(ServerServices server, string secret, string offset)
    {
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(secret, offset));
        return await JoinedAsync(server, webSocket, session);
    }

    private protected static async Task<Joined> JoinedAsync(ServerServices server, FakeWebSocket webSocket, TestSession session)
    {
        string text;
        do
            text = await webSocket.NextAsync();
        while (!text.StartsWith("40{", StringComparison.Ordinal));
        using var json = JsonDocument.Parse(text[2..]);
        var socket = SocketOf(session, server);
        Assert.Equal(socket.Id, json.RootElement.GetProperty("sid").GetString());
        return new Joined(socket, session, webSocket, json.RootElement.GetProperty("pid").GetString()!);
    }

    private protected async Task LoseAsync(Joined joined)
    {
        Watch(joined.Socket.Actor);
        joined.Session.Connection.Fail(joined.WebSocket, DisconnectReason.TransportClose, null);
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(joined.Socket.Actor), Patience);
    }

    /// <summary>
    /// Waits until the client is ready for a volatile event: it has read what was written a moment before its write is over.
    /// </summary>
    private protected Task ReadyAsync(Joined joined) =>
        AwaitConditionAsync(() => Task.FromResult(joined.Session.Connection.Outbound.IsWritable), Patience, TimeSpan.FromMilliseconds(1));

    private protected static string Claim(string secret, string offset) => "40" + JsonSerializer.Serialize(new { pid = secret, offset });

    private protected sealed record Joined(Socket Socket, TestSession Session, FakeWebSocket WebSocket, string Secret)
    {
        public string Id => Socket.Id;

        public async Task<string> OffsetOfAsync(string start)
        {
            var text = await WebSocket.NextAsync();
            Assert.StartsWith("42" + start, text, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(text[2..]);
            return json.RootElement[json.RootElement.GetArrayLength() - 1].GetString()!;
        }
    }}
