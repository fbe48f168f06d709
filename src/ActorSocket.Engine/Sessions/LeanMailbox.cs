using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace ActorSocket.Sessions;

/// <summary>
/// The mailbox of what exists once per connection. Akka's own holds room for 32 messages from its start, 1 KB of an idle actor; this one
/// has room for two and grows when a burst comes. (Configured in hocon/engine.conf.)
/// </summary>
internal sealed class LeanMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<LeanMessageQueue>
{
    private const string Path = "actorsocket.lean-mailbox";

    private static readonly ConditionalWeakTable<ActorSystem, Deploy> Deployments = [];

    /// <summary>The same actor with this mailbox, if its system knows it: one that was made without our configuration has Akka's.</summary>
    public static Props With(ActorSystem system, Props props) => props.WithDeploy(Deployments.GetValue(
        system, static system => system.Settings.Config.HasPath(Path) ? Deploy.None.WithMailbox(Path) : Deploy.None));

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new LeanMessageQueue();
}

/// <summary>A first-in-first-out ring without a bound, like Akka's unbounded queue. Any thread enqueues, one at a time dequeues.</summary>
internal sealed class LeanMessageQueue : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private const int Room = 2, Keep = 64;

    private Envelope[] _ring = new Envelope[Room];
    private int _first;
    private int _count;

    public bool HasMessages => Volatile.Read(ref _count) > 0;

    public int Count => Volatile.Read(ref _count);

#pragma warning disable CA2002, MA0064, IDE0330 // nobody else has this object, and a lock of its own would cost what is saved here
    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        lock (this)
        {
            if (_count == _ring.Length)
                Resize(_count * 2);
            _ring[(_first + _count) & (_ring.Length - 1)] = envelope;
            Volatile.Write(ref _count, _count + 1);
        }
    }

    public bool TryDequeue(out Envelope envelope)
    {
        envelope = default;
        if (!HasMessages)
            return false;
        lock (this)
        {
            if (_count == 0)
                return false;
            envelope = _ring[_first];
            _ring[_first] = default;
            _first = (_first + 1) & (_ring.Length - 1);
            Volatile.Write(ref _count, _count - 1);
            if (_count == 0 && _ring.Length > Keep)
                Resize(Room); // what a burst took is given back
            return true;
        }
    }
#pragma warning restore CA2002, MA0064, IDE0330

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (TryDequeue(out var envelope))
            deadletters.Enqueue(owner, envelope);
    }

    private void Resize(int length)
    {
        var ring = new Envelope[length];
        for (var i = 0; i < _count; i++)
            ring[i] = _ring[(_first + i) & (_ring.Length - 1)];
        (_ring, _first) = (ring, 0);
    }
}
