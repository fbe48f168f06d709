namespace ActorSocket.Configuration;

/// <summary>Undoes a registration once.</summary>
internal sealed class Subscription(Action undo) : IDisposable
{
    private Action? _undo = undo;

    public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();

    /// <summary>A list without one item, which need not be in it: of several that are equal without the first.</summary>
    public static T[] Without<T>(T[] list, T item)
    {
        var at = Array.IndexOf(list, item);
        return at < 0 ? list : [.. list[..at], .. list[(at + 1)..]];
    }
}
