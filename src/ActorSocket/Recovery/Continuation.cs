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
/// A socket that was lost on another node. Once it is in its rooms here, every event reaches this node's log; what came before is told by the other node, or, when that one is
/// gone, by its replica and by those who emitted since. Each event bears its emitter and number, so that what several have counts once.
/// </summary>
internal sealed class RemoteContinuation(NamespaceServices ns, LostSocket lost, RecoveryClaim claim, Peer? keeper) : Continuation(lost)
{
    private static readonly TimeSpan HomeTimeout = TimeSpan.FromSeconds(10); // more than the failure detector takes

    private readonly List<LoggedEvent> _before = [];
    private readonly Dictionary<string, long> _positions = new(StringComparer.Ordinal);
    private bool _isComplete;
    private long _joinedAt;

    /// <summary>Asks for a socket that was lost elsewhere; null when nobody has it, or not all that its client would have to be told.</summary>
    public static async Task<RemoteContinuation?> ClaimAsync(NamespaceServices ns, ClusterNode cluster, RecoveryClaim claim)
    {
        if (cluster.Peers.TryGet(claim.NodeTag, out var home))
        {
            // As long as it may live, nobody else speaks for it: it may emit what no replica has.
            var asked = AskAsync(home.Alone, HomeTimeout);
            if (await Task.WhenAny(asked, home.LostSight).ConfigureAwait(false) == asked && await asked.ConfigureAwait(false) is { IsAnswered: true } answer)
                return answer.Given;
        }
        return cluster.Replicas.Take(claim, ns.Name) is { } own
            ? new RemoteContinuation(ns, own, claim, null)
            : (await AskAsync(OthersThan(claim.NodeTag, cluster), ns.Server.ClusterOptions.RequestTimeout).ConfigureAwait(false)).Given;

        async Task<(bool IsAnswered, RemoteContinuation? Given)> AskAsync(Peer[] peers, TimeSpan timeout)
        {
            Peer? keeper = null;
            var (answers, _) = await cluster.Requests.AskAsync<SocketGiven>(
                peers,
                request => new ClaimSocket(request, ns.Name, claim.Secret, claim.Offset, claim.NodeTag),
                timeout,
                default,
                (peer, answer) => keeper = answer.Id.Length > 0 ? peer : keeper).ConfigureAwait(false);
            var given = answers.Find(static answer => answer.Id.Length > 0);
            return (answers.Count > 0, given is null ? null : new RemoteContinuation(ns, new LostSocket(given.Id, claim.Secret, given.Rooms, SocketFacts.ReadData(given.Data), 0), claim, keeper));
        }
    }

    private static Peer[] OthersThan(string tag, ClusterNode cluster) => Array.FindAll(cluster.Peers.All, peer => peer.Tag != tag);

    public override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var cluster = ns.Server.Cluster!;
        var timeout = ns.Server.ClusterOptions.RequestTimeout;
        await cluster.AnnounceAsync(ns.Name, Lost.Id).ConfigureAwait(false); // its id does not say any more where it is
        lock (ns.Recovery!.Gate)
            _joinedAt = ns.Recovery.Last;
        var question = new CollectMissed(0, ns.Name, claim.NodeTag, claim.Offset, Lost.Id, Lost.Rooms);
        if (!Add(keeper is null
            ? [cluster.Collect(question)]
            : (await cluster.Requests.AskAsync<Missed>(keeper.Alone, request => question with { Request = request }, timeout, cancellationToken).ConfigureAwait(false)).Answers, 1))
            return;
        var peers = OthersThan(claim.NodeTag, cluster);
        if (keeper?.Tag == claim.NodeTag)
        {
            // It lives. What it has seen of an emitter has left for this node, too, when the emitter answers.
            _isComplete = await cluster.FenceAsync(ns.Name, cancellationToken).ConfigureAwait(false);
            return;
        }
        var since = new CollectEmitted(0, ns.Name, claim.NodeTag, _positions, Lost.Id, Lost.Rooms);
        var (answers, _) = await cluster.Requests.AskAsync<Missed>(peers, request => since with { Request = request }, timeout, cancellationToken).ConfigureAwait(false);
        _isComplete = Add([.. answers, cluster.Collect(since)], peers.Length + 1);
    }

    public override bool TryGetMissed(Socket socket, [NotNullWhen(true)] out IEnumerable<EncodedFrame>? missed)
    {
        missed = null;
        var log = ns.Recovery!;
        if (!_isComplete || !log.TryGetMissed(_joinedAt, socket.Id, socket.Rooms, out var here))
            return false;
        var frames = new List<EncodedFrame>(_before.Count + here.Count);
        for (var i = 0; i < _before.Count; i++)
        {
            // Whoever breaks off between two of them cannot be told the rest again: only the last one's offset is good.
            if (WithOffset(_before[i].Frame, i == _before.Count - 1 ? log.OffsetOf(_joinedAt) : log.NoOffset) is { } frame)
                frames.Add(frame);
        }
        frames.AddRange(here.Where(logged => logged.Number > _positions.GetValueOrDefault(logged.Emitter)).Select(static logged => logged.Frame));
        missed = frames;
        return true;
    }

    private bool Add(List<Missed> answers, int expected)
    {
        if (answers.Count != expected || answers.Any(static answer => !answer.IsComplete))
            return false;
        var known = _before.Select(static logged => (logged.Emitter, logged.Number)).ToHashSet();
        foreach (var answer in answers)
        {
            _before.AddRange(answer.Events.Where(logged => known.Add((logged.Emitter, logged.Number))));
            foreach (var (tag, number) in answer.Positions)
                _positions[tag] = Math.Max(number, _positions.GetValueOrDefault(tag));
        }
        return true;
    }

    private EncodedFrame? WithOffset(EncodedFrame logged, string offset)
    {
        if (ns.Server.Read(logged) is not { EventName: { } eventName } packet)
            return null;
        var own = packet.Arguments.WithoutLast(); // the last one is the other node's offset
        return new EncodedFrame(ns.Server.Packets.Event(ns.Name, eventName, -1, new ArgumentsWithOffset<EventArguments<SocketArguments>>(new(own), offset)), logged.Compress);
    }
}
