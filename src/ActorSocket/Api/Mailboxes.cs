using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket.Api;

/// <summary>What waits in the mailboxes of actors, read from outside: the actors are not asked.</summary>
internal static class Mailboxes
{
    private const int Deepest = 32;

    /// <summary>How many messages wait for an actor, and the kind of the one that it is at.</summary>
    public static (int Messages, string? At) Of(IActorRef actor) => actor is ActorRefWithCell { Underlying: { } cell }
        ? (cell.NumberOfMessages, (cell as ActorCell)?.CurrentMessage?.GetType().Name)
        : (0, null);

    /// <summary>
    /// Those actors that messages wait for, or that are at one, the application's own among them; with most messages first.
    /// </summary>
    /// <param name="one">One of them, whose system is looked at.</param>
    /// <param name="most">How many at most.</param>
    public static List<MailboxDump> Busiest(IActorRef one, int most)
    {
        var kept = new PriorityQueue<MailboxDump, int>();
        if (one is ActorRefWithCell { Provider: { } system })
        {
            Visit(system.Guardian, 0);
            Visit(system.SystemGuardian, 0);
        }
        return [.. kept.UnorderedItems.OrderByDescending(static item => item.Priority).Select(static item => item.Element)];

        void Visit(IActorRef actor, int depth)
        {
            if (actor is not ActorRefWithCell { Underlying: { } cell } known)
                return;
            var (messages, at) = Of(actor);
            if ((messages > 0 || at is not null) && (kept.Count < most || messages > kept.Peek().Messages))
            {
                kept.Enqueue(new MailboxDump(cell.Props.Type.Name, PathOf(known), messages, at), messages);
                if (kept.Count > most)
                    kept.Dequeue();
            }
            if (depth == Deepest)
                return;
            foreach (var child in known.Children)
                Visit(child, depth + 1);
        }
    }

    /// <summary>The name of a session's actor is the session's id, a secret of its client's.</summary>
    private static string PathOf(ActorRefWithCell actor) => actor.Underlying.Props.Type == typeof(EngineSession)
        ? actor.Path.Parent.ToStringWithoutAddress() + "/…"
        : actor.Path.ToStringWithoutAddress();
}
