using System.Collections.Concurrent;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>Who waits for other nodes' answers.</summary>
internal interface IPeerAnswers
{
    void Answered(Peer peer, IReply answer);

    void PeerGone(Peer peer);

    /// <summary>The failure detector takes it to be unreachable: it may answer later, or never.</summary>
    void PeerUnreachable(Peer peer)
    {
        // The time limit decides.
    }
}

/// <summary>The questions that this node has put to others and that are not answered yet.</summary>
/// <remarks>Any thread. Whoever asks sets the time limit and gives up; nothing stays behind.</remarks>
internal sealed class ClusterRequests(PeerTable table, TimeProvider time)
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(150);

    private readonly ConcurrentDictionary<long, IPeerAnswers> _open = new();
    private long _last;

    public long Open(IPeerAnswers answers)
    {
        var request = Interlocked.Increment(ref _last);
        _open[request] = answers;
        return request;
    }

    public void Close(long request) => _open.TryRemove(request, out _);

    public void Answered(Peer peer, IReply answer)
    {
        if (_open.TryGetValue(answer.Request, out var answers))
            answers.Answered(peer, answer);
    }

    public void PeerGone(Peer peer)
    {
        foreach (var answers in _open.Values)
            answers.PeerGone(peer);
    }

    public void PeerUnreachable(Peer peer)
    {
        foreach (var answers in _open.Values)
            answers.PeerUnreachable(peer);
    }

    /// <summary>Asks every peer the same and waits for all of them. One that leaves the cluster meanwhile is not asked (C-06); one that is
    /// unreachable is asked, but not waited for when nobody else is.</summary>
    /// <returns>What was answered, and who said nothing.</returns>
    /// <param name="peers">Who is asked.</param>
    /// <param name="question">The message, which bears the request's number.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="mayBeGone">Whether one whose process has ended, though nobody has noticed yet, is not waited for either.</param>
    public async Task<(List<TAnswer> Answers, Peer[] Missing)> AskAsync<TAnswer>(
        Peer[] peers, Func<long, IClusterMessage> question, TimeSpan timeout, CancellationToken cancellationToken, bool mayBeGone = false)
        where TAnswer : IReply
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (peers.Length == 0)
            return ([], []);
        var answers = new AllAnswers<TAnswer>(peers);
        var request = Open(answers);
        try
        {
            var packed = Packed.Of(question(request));
            foreach (var peer in peers)
                peer.Tell(packed);
            // After it was opened: whoever goes from here on finds it.
            foreach (var peer in peers)
            {
                if (Array.IndexOf(table.All, peer) < 0)
                    answers.PeerGone(peer);
                else if (
                    mayBeGone
                    && (
                        peer.IsProcessGone
                        || (!peer.IsReachable && await peer.ProbeAsync(time).ConfigureAwait(false) is PeerPresence.Refuses)
                    )
                )
                    answers.PeerGone(peer);
                else if (!peer.IsReachable)
                    answers.PeerUnreachable(peer);
            }
            var ended = answers.Task.WaitAsync(timeout, time, cancellationToken);
            if (mayBeGone)
                _ = ProbeAsync(answers, ended);
            await ended.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What there is will have to do; the caller is told who is missing.
        }
        finally
        {
            Close(request);
        }
        return answers.SoFar();
    }

    private async Task ProbeAsync<TAnswer>(AllAnswers<TAnswer> answers, Task ended)
    {
        while (await Task.WhenAny(ended, Task.Delay(ProbeInterval, time)).ConfigureAwait(false) != ended)
        {
            foreach (var peer in answers.Due)
            {
                if (await peer.ProbeAsync(time).ConfigureAwait(false) is PeerPresence.Refuses)
                    answers.PeerGone(peer);
            }
        }
    }

    private sealed class AllAnswers<TAnswer>(Peer[] peers) : IPeerAnswers
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<Peer> _due = [.. peers];
        private readonly List<TAnswer> _answers = [];

        public Task Task => _all.Task;

        public Peer[] Due
        {
            get
            {
                lock (_due)
                    return [.. _due];
            }
        }

        public (List<TAnswer> Answers, Peer[] Missing) SoFar()
        {
            lock (_due)
                return ([.. _answers], [.. _due]);
        }

        public void Answered(Peer peer, IReply answer)
        {
            lock (_due)
            {
                if (answer is not TAnswer given || !_due.Remove(peer))
                    return;
                _answers.Add(given);
                if (IsWaitedFor())
                    return;
            }
            _all.TrySetResult();
        }

        public void PeerGone(Peer peer)
        {
            lock (_due)
            {
                if (!_due.Remove(peer) || IsWaitedFor())
                    return;
            }
            _all.TrySetResult();
        }

        public void PeerUnreachable(Peer peer)
        {
            lock (_due)
            {
                if (IsWaitedFor())
                    return;
            }
            _all.TrySetResult();
        }

        private bool IsWaitedFor()
        {
            foreach (var peer in _due)
            {
                if (peer.IsReachable)
                    return true;
            }
            return false;
        }
    }
}
