using System.Diagnostics.CodeAnalysis;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// A socket that was lost on another node. Once it is in its rooms here, every event reaches this node's log; what came before is told by
/// the other node, or, when that one is gone, by its replica and by those who emitted since. Each event bears its emitter and number, so
/// that what several have counts once.
/// </summary>
/// <param name="ns">The namespace here.</param>
/// <param name="node">This node.</param>
/// <param name="recovery">What it has of other nodes' logs, and of its own.</param>
/// <param name="lost">The socket.</param>
/// <param name="claim">What its client said.</param>
/// <param name="tag">The node whose log the socket was lost in.</param>
/// <param name="source">Who has that log, or its replica; null when this node has the replica.</param>
internal sealed class RemoteRestore(
    NamespaceServices ns,
    NodeServices node,
    ClusterRecovery recovery,
    LostSocket lost,
    RecoveryClaim claim,
    string tag,
    Peer? source
) : SocketRestore(lost)
{
    private readonly MissedEventMerge _merge = new(tag, lost.Start);
    private List<EncodedFrame> _frames = [];
    private long[] _origins = [];
    private bool _isComplete;
    private long _joinedAt;
    private RecoveryStart _start;

    public override RecoveryStart Start => _start;

    private Peer[] Others => Array.FindAll(node.Peers.All, peer => peer.Tag != tag);

    public override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        lock (ns.Recovery!.Gate)
            _joinedAt = ns.Recovery.Last;
        _isComplete = await CollectAsync(cancellationToken).ConfigureAwait(false);
        if (_isComplete)
            _frames = Encode();
    }

    private async Task<bool> CollectAsync(CancellationToken cancellationToken)
    {
        var timeout = node.Options.RequestTimeout;
        var question = new CollectMissed(0, ns.Name, tag, Lost.Seen, Lost.Id, Lost.Rooms);
        List<MissedEventsReply> logged = source is null
            ? [recovery.Collect(question)]
            : (
                await node
                    .Requests.AskAsync<MissedEventsReply>(
                        source.Alone,
                        request => question with { Request = request },
                        timeout,
                        cancellationToken,
                        mayBeGone: true
                    )
                    .ConfigureAwait(false)
            ).Answers;
        if (logged is not [var log] || !_merge.AddLog(log))
            return false;
        _origins = OriginLog.Read(log.Origins);
        if (source?.Tag == tag) // It lives. What it has seen of an emitter has left for this node, too, when the emitter answers.
            return await recovery.EmitBarrierAsync(ns.Name, node.Peers.All, cancellationToken).ConfigureAwait(false);
        if (!await recovery.EmitBarrierAsync(ns.Name, Others, cancellationToken).ConfigureAwait(false))
            return false; // one that stands still would not answer the long question either: the client does not wait for it
        var since = new CollectEmitted(0, ns.Name, tag, _merge.Versions, Lost.Id, Lost.Rooms);
        var (answers, missing) = await node
            .Requests.AskAsync<MissedEventsReply>(
                Others,
                request => since with { Request = request },
                timeout,
                cancellationToken,
                mayBeGone: true
            )
            .ConfigureAwait(false);
        return missing.Length == 0 && _merge.AddEmitted([.. answers, recovery.Collect(since)]);
    }

    /// <summary>
    /// What came before, with this node's offsets. Whoever breaks off between two of them cannot be told the rest again: only the last
    /// one's offset is good.
    /// </summary>
    private List<EncodedFrame> Encode()
    {
        var before = _merge.Events;
        var frames = new List<EncodedFrame>(before.Count);
        for (var i = 0; i < before.Count; i++)
        {
            if (ns.Server.Read(before[i].Frame) is not { EventName: { } eventName } packet)
                continue;
            var own = packet.Arguments.WithoutLast(); // the last one is the other node's offset
            var offset = i == before.Count - 1 ? ns.Recovery!.OffsetOf(_joinedAt) : ns.Recovery!.NoOffset;
            frames.Add(
                new EncodedFrame(
                    ns.Server.Packets.Event(
                        ns.Name,
                        eventName,
                        -1,
                        new ArgumentsWithOffset<EventArguments<SocketArguments>>(new(own), offset)
                    ),
                    before[i].Frame.Compress
                )
            );
        }
        return frames;
    }

    public override void GiveBack() => recovery.GiveBack(source, new ReturnSocket(ns.Name, tag, Lost, ns.Server.Json));

    public override bool TryGetMissed(IRecoverable socket, [NotNullWhen(true)] out List<EncodedFrame>? missed)
    {
        missed = null;
        var log = ns.Recovery!;
        var difference = log.Beyond(_origins);
        if (
            !_isComplete
            || !log.TryGetMissed(difference.From(_joinedAt), socket.Id, socket.CurrentRooms, out var logged)
            || !_merge.TryGoOn(logged.FindAll(IsToBeTold), out var here)
        )
            return false;
        log.Told(socket.Id, _merge.Versions);
        log.ToldOf(socket.Id, difference.Ahead);
        missed = [.. _frames, .. here.Select(static logged => logged.Frame)];
        _start = _merge.StartIn(log, _joinedAt, here, claim);
        return true;

        bool IsToBeTold(LoggedEvent one) => one.Origin == 0
            ? log.PositionOf(one) > _joinedAt
            : difference.Lacks(one.Origin, log.PositionOf(one), otherwise: _joinedAt);
    }
}
