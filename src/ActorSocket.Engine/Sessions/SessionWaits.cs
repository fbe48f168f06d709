using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>What one session waits for at the moment: each is told to it when its time is over, unless it is cancelled.</summary>
internal struct SessionWaits
{
    public SharedTimer.Wait? Heartbeat;
    public SharedTimer.Wait? Upgrade;
    public SharedTimer.Wait? Noop;
    public SharedTimer.Wait? Handlers;
    public SharedTimer.Wait? Close;

    /// <summary>Begins to wait, anew if it did already.</summary>
    /// <param name="wait">One of these.</param>
    /// <param name="time">How long, and for what.</param>
    /// <param name="actor">Who waits.</param>
    /// <param name="previous">The time that this one follows without a gap.</param>
    public static void Start(ref SharedTimer.Wait? wait, SharedTimer time, IActorContext actor, SharedTimer.Wait? previous = null)
    {
        wait?.Cancel();
        wait = time.Start(actor, previous);
    }

    public static void Cancel(ref SharedTimer.Wait? wait)
    {
        wait?.Cancel();
        wait = null;
    }

    /// <summary>Whether it is one of these: one that was cancelled while it was on its way is not.</summary>
    public readonly bool Has(SharedTimer.Wait wait) =>
        wait == Heartbeat || wait == Upgrade || wait == Noop || wait == Handlers || wait == Close;

    public void CancelAll()
    {
        Cancel(ref Heartbeat);
        Cancel(ref Upgrade);
        Cancel(ref Noop);
        Cancel(ref Handlers);
        Cancel(ref Close);
    }
}
