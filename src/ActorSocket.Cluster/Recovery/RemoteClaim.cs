using ActorSocket.Recovery;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Finds a socket that was lost on another node. Its client waits: a node that does not say within moments that it has the question is not
/// waited for, unless its process is there and so will say.
/// </summary>
internal sealed class RemoteClaim(NamespaceServices ns, NodeServices node, ClusterRecovery recovery, RecoveryClaim claim)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(150); // most answers are here by then
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1); // for who has not said yet that it has the question
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(10); // it ends the old connection first

    /// <summary>
    /// Null when nobody has it, when who has it cannot be asked, or when its client could not be told all that it missed.
    /// </summary>
    public async Task<RemoteRestore?> FindAsync()
    {
        var home = claim.HomeTag;
        var isGone = home != node.Tag;
        if (node.Peers.TryGet(home, out var peer))
        {
            var (answer, gone) = await AskAsync(peer, home).ConfigureAwait(false);
            if (answer is { Id.Length: > 0 })
                return Given(peer, answer);
            if (answer is null && !gone)
                return null; // as long as it may live, nobody else speaks for it: it may emit what no replica has
            isGone = gone;
        }
        if (isGone && await FromReplicaAsync(home).ConfigureAwait(false) is { } kept)
            return kept;
        // Its client has seen nothing since it came back to some other node.
        return await FromReplicaAsync("").ConfigureAwait(false);
    }

    /// <summary>
    /// From whoever has the copy of a node's log; or, without a tag, from whoever has lost the socket or has the copy of a node that has
    /// left.
    /// </summary>
    private async Task<RemoteRestore?> FromReplicaAsync(string tag)
    {
        if (recovery.Replicas.Take(claim, tag, ns.Name, out var owner) is { } own)
            return new RemoteRestore(ns, node, recovery, own, claim, owner, null);
        var others = Array.FindAll(node.Peers.All, peer => peer.Tag != tag);
        var answers = await Task.WhenAll(Array.ConvertAll(others, peer => AskAsync(peer, tag))).ConfigureAwait(false);
        var giver = Array.FindIndex(answers, static answer => answer.Given is { Id.Length: > 0 });
        return giver < 0 ? null : Given(others[giver], answers[giver].Given!);
    }

    private RemoteRestore Given(Peer giver, ClaimSocketReply given) =>
        new(
            ns,
            node,
            recovery,
            LostSocket.Read(given.Id, claim.Secret, given.Rooms, given.State) with
            {
                Seen = given.Position,
            },
            claim,
            given.Tag,
            giver
        );

    private async Task<(ClaimSocketReply? Given, bool IsGone)> AskAsync(Peer peer, string tag)
    {
        if (!peer.IsReachable || peer.IsProcessGone)
            return (null, true);
        var time = ns.Server.Time;
        var answers = new Answers(peer);
        var request = node.Requests.Open(answers);
        var limit = Task.Delay(Limit, time);
        try
        {
            peer.Tell(Packed.Of(new ClaimSocket(request, ns.Name, claim.Secret, claim.Offset, tag, claim.OffsetTag)));
            if (Array.IndexOf(node.Peers.All, peer) < 0)
                return (null, true);
            var ended = Task.WhenAny(answers.Given, peer.WhenUnreachable);
            if (await Task.WhenAny(ended, Task.Delay(AtOnce, time)).ConfigureAwait(false) != ended)
            {
                var presence = peer.ProbeAsync(time);
                if (
                    await Task.WhenAny(ended, presence).ConfigureAwait(false) != ended
                    && await presence.ConfigureAwait(false) is var found
                    && found != PeerPresence.Listens
                )
                    return (null, found is PeerPresence.Refuses);
                await Task.WhenAny(ended, answers.Heard, limit).ConfigureAwait(false); // a process that is there, and busy, or stands still
                if (!ended.IsCompleted && !answers.Heard.IsCompleted)
                    return (null, false);
                await Task.WhenAny(ended, Task.Delay(OnItsWay, time)).ConfigureAwait(false);
            }
            return answers.Given.IsCompletedSuccessfully
                ? (await answers.Given.ConfigureAwait(false), answers.IsGone)
                : (null, !peer.IsReachable);
        }
        finally
        {
            node.Requests.Close(request);
        }
    }

    private sealed class Answers(Peer asked) : IPeerAnswers
    {
        private readonly TaskCompletionSource<ClaimSocketReply?> _given = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ClaimSocketReply?> Given => _given.Task;

        public Task Heard => _heard.Task;

        public bool IsGone { get; private set; }

        public void Answered(Peer peer, IReply answer)
        {
            if (answer is ClaimSocketReply { IsOnItsWay: false } given)
                _given.TrySetResult(given);
            else
                _heard.TrySetResult();
        }

        public void PeerUnreachable(Peer peer)
        {
            // It is waited for by its own signal.
        }

        public void PeerGone(Peer peer)
        {
            if (!ReferenceEquals(peer, asked))
                return;
            IsGone = true;
            _given.TrySetResult(null);
        }
    }
}
