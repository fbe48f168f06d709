using System.Collections.Concurrent;
using ActorSocket.Protocol.EngineIo;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>The requests of this node's clients that wait for what a session on another node answers.</summary>
/// <remarks>Any thread. A request is completed by its answer, or when its session's node or this one goes, or its client.</remarks>
internal sealed class PendingReplies(PeerTable peers)
{
    private readonly ConcurrentDictionary<long, (Peer Home, TaskCompletionSource<object> Reply)> _open = new();
    private volatile bool _closed;

    public int Count => _open.Count;

    public Task<object> Add(long request, Peer home)
    {
        var reply = _open.GetOrAdd(request, Open, home).Reply;
        // After it was added: whoever goes from here on finds it.
        if (_closed || !peers.TryGet(home.Tag, out _))
            Forget(request);
        return reply.Task;
    }

    private static (Peer Home, TaskCompletionSource<object> Reply) Open(long request, Peer home) =>
        (home, new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Complete(long request, object reply)
    {
        if (_open.TryRemove(request, out var open))
            open.Reply.TrySetResult(reply);
    }

    /// <summary>Nobody waits any more.</summary>
    public void Forget(long request) => Complete(request, new RequestRefused(request, EngineIoError.UnknownSid));

    /// <summary>A node is gone: its sessions are unknown.</summary>
    public void HomeGone(Peer home)
    {
        foreach (var (request, open) in _open)
        {
            if (ReferenceEquals(open.Home, home))
                Forget(request);
        }
    }

    /// <summary>No answer comes from here on.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var request in _open.Keys)
            Forget(request);
    }
}
