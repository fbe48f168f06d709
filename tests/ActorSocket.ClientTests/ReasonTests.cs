using System.Net.WebSockets;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// Every reason of the official table, as the server's handlers are told it: each ends one connection and is told once, before and
/// after the rooms are left.
/// </summary>
public sealed class ReasonTests(ITestOutputHelper output)
{
    public static TheoryData<string> Reasons => new()
    {
        "client namespace disconnect",
        "server namespace disconnect",
        "server shutting down",
        "ping timeout",
        "transport close",
        "transport error",
        "parse error",
        "forced close", // what cannot be decoded; a polling client learns of it with its next GET
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task A_WebSocket_client_ends_for_each_reason(string reason)
    {
        await using var server = await StartAsync(reason);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await JoinRoomAsync(server, session.Id);
        await (reason switch
        {
            "client namespace disconnect" => session.SendAsync("41"),
            "server namespace disconnect" => session.SendAsync("42[\"kick\",false]"),
            "server shutting down" => server.StopAsync(),
            "ping timeout" => Task.CompletedTask,
            "transport close" => session.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None),
            "transport error" => session.SendAsync("2"),
            "parse error" => session.SendAsync("abc"),
            _ => session.SendAsync("42{}"),
        });
        await SawAsync(server, session.Id, reason);
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    [InlineData("forced server close")] // what is out of place
    public async Task A_polling_client_ends_for_each_reason(string reason)
    {
        await using var server = await StartAsync(reason);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        await JoinRoomAsync(server, session.Id);
        var act = reason switch
        {
            "client namespace disconnect" => session.PostAsync("41"),
            "server namespace disconnect" => session.PostAsync("42[\"kick\",false]"),
            "server shutting down" => server.StopAsync(),
            "ping timeout" => Task.CompletedTask,
            "transport close" => session.PostAsync("1"),
            "transport error" => session.PostAsync("2"),
            "parse error" => session.PostAsync("abc"),
            "forced close" => session.PostAsync("42{}"),
            _ => session.PostAsync("42/nowhere,[\"x\"]"),
        };
        await SawAsync(server, session.Id, reason);
        await act;
    }

    [Fact]
    public async Task A_polling_client_with_a_waiting_GET_is_closed_at_once()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        await JoinRoomAsync(server, session.Id);
        var outbound = server.Io.Sockets.Single().Connection.Outbound;
        var waiting = session.GetAsync();
        await Bounded.UntilAsync(() => outbound.HasParkedPoll, "the GET to wait at the server");
        await session.PostAsync("42{}");
        Assert.Equal("1", (await waiting).Body);
        await SawAsync(server, session.Id, "forced close");
    }

    private async Task<RealServer> StartAsync(string reason) => await Wire.ServeAsync(output, options =>
    {
        if (reason != "ping timeout")
            return;
        options.PingInterval = TimeSpan.FromMilliseconds(300);
        options.PingTimeout = TimeSpan.FromMilliseconds(300);
    });

    private static async Task JoinRoomAsync(RealServer server, string id) =>
        await server.Io.Sockets.Single(socket => socket.Id == id).JoinAsync("~room");

    private static async Task SawAsync(RealServer server, string id, string reason)
    {
        await server.Journal.SeenAsync($"{id} disconnect {reason}");
        Assert.Equal([$"{id} connect /", $"{id} disconnecting {reason} {id},~room", $"{id} disconnect {reason}"], server.Journal.About(id));
    }
}
