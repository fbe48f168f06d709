using System.Diagnostics.CodeAnalysis;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.SocketIo;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Recovery;

/// <summary>What a socket continues, and how to find what its client has missed since.</summary>
internal abstract class Continuation(LostSocket lost)
{
    public LostSocket Lost => lost;

    /// <summary>Called once the socket is in its rooms again, before <see cref="TryGetMissed"/>.</summary>
    public virtual Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is to be sent before the CONNECT, in order; false when some of it is forgotten. Called under the log's gate.</summary>
    public abstract bool TryGetMissed(Socket socket, [NotNullWhen(true)] out IEnumerable<EncodedFrame>? missed);
}

/// <summary>A socket that was lost on this node.</summary>
internal sealed class LocalContinuation(NamespaceServices ns, LostSocket lost, long offset) : Continuation(lost)
{
    public override bool TryGetMissed(Socket socket, [NotNullWhen(true)] out IEnumerable<EncodedFrame>? missed)
    {
        missed = ns.Recovery!.TryGetMissed(offset, socket.Id, socket.Rooms, out var events) ? events.Select(static logged => logged.Frame) : null;
        return missed is not null;
    }
}

/// <summary>
/// A socket that was lost on another node. When it is in its rooms here, every event reaches this node's log; what came before is the other node's to tell. Each event bears its
/// emitter and number, so that what both have counts once.
/// </summary>
internal sealed class RemoteContinuation(NamespaceServices ns, LostSocket lost, long offset, Peer home) : Continuation(lost)
{
    private Missed? _before;
    private long _joinedAt;

    public override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var cluster = ns.Server.Cluster!;
        var timeout = ns.Server.ClusterOptions.RequestTimeout;
        await cluster.AnnounceAsync(ns.Name, Lost.Id).ConfigureAwait(false); // its id does not say any more where it is
        lock (ns.Recovery!.Gate)
            _joinedAt = ns.Recovery.Last;
        var (answers, _) = await cluster.Requests.AskAsync<Missed>([home], request => new CollectMissed(request, ns.Name, offset, Lost.Id, Lost.Rooms), timeout, cancellationToken).ConfigureAwait(false);
        if (answers is not [{ IsComplete: true } before])
            return;
        // What the other node has seen of an emitter has left for this node, too, when the emitter answers.
        var (_, missing) = await cluster.Requests.AskAsync<Fenced>(cluster.Peers.All, request => new Fence(request, ns.Name), timeout, cancellationToken).ConfigureAwait(false);
        if (missing == 0)
            _before = before;
    }

    public override bool TryGetMissed(Socket socket, [NotNullWhen(true)] out IEnumerable<EncodedFrame>? missed)
    {
        missed = null;
        var log = ns.Recovery!;
        if (_before is null || !log.TryGetMissed(_joinedAt, socket.Id, socket.Rooms, out var since))
            return false;
        var frames = new List<EncodedFrame>(_before.Events.Count + since.Count);
        for (var i = 0; i < _before.Events.Count; i++)
        {
            // Whoever breaks off between two of them cannot be told the rest again: only the last one's offset is good.
            if (WithOffset(_before.Events[i], i == _before.Events.Count - 1 ? log.OffsetOf(_joinedAt) : log.NoOffset) is { } frame)
                frames.Add(frame);
        }
        frames.AddRange(since.Where(logged => logged.Number > _before.Positions.GetValueOrDefault(logged.Emitter)).Select(static logged => logged.Frame));
        missed = frames;
        return true;
    }

    private EncodedFrame? WithOffset(EncodedFrame logged, string offset)
    {
        if (ns.Server.Read(logged) is not { EventName: { } eventName } packet)
            return null;
        var arguments = packet.Arguments;
        var own = new SocketArguments(arguments.Json, arguments.Ranges[..^2], arguments.Attachments, arguments.Serializer); // the last one is the other node's offset
        return new EncodedFrame(ns.Server.Packets.Event(ns.Name, eventName, -1, new ArgumentsWithOffset<EventArguments<SocketArguments>>(new(own), offset)), logged.Compress);
    }
}
