namespace ActorSocket.Configuration;

/// <summary>
/// What an application wants to be called with, in the order it was added. What is there is replaced, never changed: who calls them goes on
/// with those it began with, whatever is added or taken off meanwhile.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class CallbackList<T>
{
    private Func<T, Task>[] _all = [];

    public Func<T, Task>[] Current => Volatile.Read(ref _all);

    /// <returns>Dispose it to take the callback off again.</returns>
    public IDisposable Add(Func<T, Task> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (this)
            Volatile.Write(ref _all, [.. _all, callback]);
        return new Subscription(() => Remove(callback));
    }

    /// <summary>Takes off what was added once; does nothing when it is not there.</summary>
    public void Remove(Func<T, Task> callback)
    {
        lock (this)
            Volatile.Write(ref _all, Subscription.Without(_all, callback));
    }
}
