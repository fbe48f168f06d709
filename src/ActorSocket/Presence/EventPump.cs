using System.Diagnostics.CodeAnalysis;

namespace ActorSocket.Presence;

/// <summary>
/// Gives an application what has happened, one after the other and each once the one before is handled, on a thread of the pool: whoever
/// finds that something has happened holds locks, or is an actor, and must not wait for the application.
/// </summary>
/// <param name="next">Takes the next one, or says that there is none for now.</param>
/// <param name="run">Handles it, and never throws.</param>
internal sealed class EventPump<T>(EventPump<T>.Source next, Func<T, Task> run)
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Woken = 2; // while it runs

    private int _state = Idle;

    public delegate bool Source([MaybeNullWhen(false)] out T item);

    /// <summary>There is something. Any thread, also under locks.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Idle)
            ThreadPool.UnsafeQueueUserWorkItem(static pump => _ = pump.RunAsync(), this, preferLocal: false);
    }

    private async Task RunAsync()
    {
        do
        {
            Interlocked.Exchange(ref _state, Running);
            while (next(out var item))
                await run(item).ConfigureAwait(false);
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }
}
