using System.Text.RegularExpressions;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket.Tests.Actors;

/// <summary>A dynamic namespace is empty when nobody is in it, nor about to be.</summary>
public sealed class EmptyNamespaceTests : RecoveryTest
{
    private static readonly Regex Pattern = new("^/room-\\d+$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task One_that_waits_for_another_node_to_give_it_a_socket_is_not()
    {
        var gives = new TaskCompletionSource();
        var node = new NodeThatGives { Gives = gives.Task };
        var server = StartServer(static o => o.CleanupEmptyChildNamespaces = true);
        server.Adapter = node;
        new ActorSocketServer(server).OfDynamic(Pattern);
        var (webSocket, session) = await OpenAsync(server);
        var last = await EnterAsync(server, session, webSocket);
        var ns = last.Namespace.Services;

        var (hers, her) = await OpenAsync(server);
        her.Send("40/room-1," + Claim(NodeThatGives.Secret, NodeThatGives.Offset)[2..]);
        await node.IsAsked.Task.WaitAsync(Patience);
        Watch(last.Actor);
        session.Send("41/room-1,");
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(last.Actor), Patience);
        await HandledAsync(ns.Actor);
        gives.SetResult();
        Assert.StartsWith("40/room-1,{\"sid\":\"" + NodeThatGives.Id, await hers.NextAsync(), StringComparison.Ordinal);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await HandledAsync(ns.Actor);
        Assert.True(server.Namespaces.TryGet("/room-1", out var found));
        found.Face.Emit("here");
        Assert.StartsWith("42/room-1,[\"here\"", await hers.NextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_last_socket_goes_to_another_node_is_once_that_node_has_asked_what_was_missed(bool cleanup)
    {
        var server = StartServer(o =>
        {
            o.CleanupEmptyChildNamespaces = cleanup;
            o.MaxDynamicNamespaces = 1;
        });
        new ActorSocketServer(server).OfDynamic(Pattern);
        var (webSocket, session) = await OpenAsync(server);
        var last = await EnterAsync(server, session, webSocket);
        var ns = last.Namespace.Services;
        var given = new TaskCompletionSource<LostSocket?>(TaskCreationOptions.RunContinuationsAsynchronously);
        ns.Actor.Tell(new NamespaceProtocol.ClaimedElsewhere(new RecoveryClaim(last.RecoverySecret!, "", -1), given.SetResult));
        Assert.Equal(last.Id, (await given.Task.WaitAsync(Patience))?.Id);
        await HandledAsync(ns.Actor);
        Assert.True(server.Namespaces.TryGet("/room-1", out _)); // its log is about to be asked for

        Clock.Advance(TimeSpan.FromSeconds(10));
        await HandledAsync(ns.Actor);
        await HandledAsync(server.Root);
        Assert.Equal(cleanup, !server.Namespaces.TryGet("/room-1", out _));
        var (others, other) = await OpenAsync(server);
        other.Send("40/room-2,");
        Assert.StartsWith("40/room-2,{", await others.NextAsync(), StringComparison.Ordinal);
    }

    /// <summary>A client enters <c>/room-1</c>.</summary>
    private static async Task<Socket> EnterAsync(ServerServices server, TestSession session, FakeWebSocket webSocket)
    {
        session.Send("40/room-1,");
        Assert.StartsWith("40/room-1,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.True(server.Namespaces.TryGet("/room-1", out var ns));
        return Assert.Single(ns.Face.Sockets);
    }
}
