namespace ActorSocket.Hosting;

/// <summary>
/// Counts the connections of an <see cref="EngineIoServer"/> of which an application has been told and whose end it has not handled: a
/// server that stops waits for these, although their clients are gone.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class OpenConnections
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Began() => Interlocked.Increment(ref _count);

    public void Ended() => Interlocked.Decrement(ref _count);
}
