using ActorSocket.Sockets;

namespace ActorSocket;

// Sequences that its client reads, or writes.
public sealed partial class Socket
{
    private StreamTable? _streams;

    /// <summary>Null as long as there was none.</summary>
    internal StreamTable? Streams => System.Threading.Volatile.Read(ref _streams);

    internal StreamTable OpenStreams() => LazyInitializer.EnsureInitialized(ref _streams, () => new StreamTable(this));
}
