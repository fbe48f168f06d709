using System.Collections.Concurrent;

namespace ActorSocket.Sockets;

/// <summary>
/// Sockets of this node that somebody wants to hear of when they come and go. Of one that nobody watches it costs a look at a number.
/// </summary>
internal sealed class WatchedSockets(NamespaceTable namespaces)
{
    private readonly ConcurrentDictionary<string, bool> _ids = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>
    /// Told of each watched socket that is there (true), or gone: on any thread, and perhaps in the recovery log's lock, so briefly.
    /// </summary>
    public Action<Socket, bool>? Listener { get; set; }

    public int Count => Volatile.Read(ref _count);

    public void Watch(string socketId)
    {
        if (_ids.TryAdd(socketId, true))
            Interlocked.Increment(ref _count);
    }

    public void Unwatch(string socketId)
    {
        if (_ids.TryRemove(socketId, out _))
            Interlocked.Decrement(ref _count);
    }

    /// <summary>Told by a namespace, after the socket is found in it, or is not any more.</summary>
    public void Changed(Socket socket, bool isHere)
    {
        Interlocked.MemoryBarrier(); // either who watches sees the change, or this sees who watches
        if (Volatile.Read(ref _count) > 0 && _ids.ContainsKey(socket.Id))
            Listener?.Invoke(socket, isHere);
    }

    public bool IsHere(string ns, string socketId) => namespaces.TryGet(ns, out var services) && services.HasSocket(socketId);

    public static bool IsHere(Socket socket) => socket.Namespace.Services.HasSocket(socket.Id);
}
