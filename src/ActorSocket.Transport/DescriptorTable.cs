namespace ActorSocket.EventLoops;

/// <summary>
/// The process's sockets on event loops by their descriptors. An event that comes late finds nothing here, or a newer socket of the same
/// number, to which it says nothing wrong: what a socket is told is a hint, and it asks the kernel.
/// </summary>
internal static class DescriptorTable
{
    private static readonly Lock Gate = new();
    private static LoopSocket?[] _sockets = new LoopSocket?[1024];

    public static LoopSocket? Find(int descriptor)
    {
        var sockets = Volatile.Read(ref _sockets);
        return descriptor < sockets.Length ? Volatile.Read(ref sockets[descriptor]) : null;
    }

    public static void Set(int descriptor, LoopSocket? socket)
    {
        lock (Gate)
        {
            if (descriptor >= _sockets.Length)
            {
                var larger = new LoopSocket?[Math.Max(descriptor + 1, _sockets.Length * 2)];
                _sockets.CopyTo(larger, 0);
                Volatile.Write(ref _sockets, larger);
            }
            Volatile.Write(ref _sockets[descriptor], socket);
        }
    }

    public static IEnumerable<LoopSocket> Of(EventLoop loop) =>
        Volatile.Read(ref _sockets).OfType<LoopSocket>().Where(socket => socket.Loop == loop);
}
