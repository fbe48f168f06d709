using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What two nodes tell each other of their rooms, as one of them sees it: its own rooms go in numbered announcements that are repeated
/// until they are confirmed, and the other's are taken in order. Until it is known that none is missing, this node asks again and again.
/// Whatever is lost, doubled or late between the two, both come to know every room.
/// </summary>
/// <remarks>One thread: <see cref="PeerActor"/>, which has the timers. Knows no time and no network, so that a model can be held against
/// it.</remarks>
/// <param name="tell">Sends to the other node.</param>
/// <param name="take">A change of the other node's rooms, in order and once.</param>
/// <param name="setSynchronised">Whether all the other's rooms are known; else it is to get every broadcast.</param>
/// <param name="confirmed">The other node has taken all announcements of this <see cref="RoomChangeBatch"/>.</param>
internal sealed class RoomExchange(Action<Packed> tell, Action<RoomChange> take, Action<bool> setSynchronised, Action<long> confirmed)
{
    private const int ChangesPerAnnouncement = 500;
    private const int ResendAtOnce = 64;

    private readonly Queue<(long Number, long Batch, Packed Message)> _unconfirmed = new();
    private long _sent;
    private long _watched; // the oldest unconfirmed announcement when it was last looked at
    // the number of the other node's newest RoomSyncRequest for which what is unconfirmed was sent again: once for each
    private long _answered;
    private long _taken;
    private long _seen; // the newest announcement of the other's that is known to exist
    private long _asked;

    /// <summary>Rounds that the other node has not confirmed.</summary>
    public int Unconfirmed => _unconfirmed.Count;

    /// <summary>Whether the other's rooms are all known.</summary>
    public bool IsSynchronised { get; private set; }

    /// <summary>The last announcement of the other's that was taken.</summary>
    public long Taken => _taken;

    /// <summary>Tells the other node. Batch 0 is everything that there is.</summary>
    public void Tell(RoomChangeBatch batch)
    {
        var changes = batch.Changes;
        for (var at = 0; at == 0 || at < changes.Count; at += ChangesPerAnnouncement)
        {
            var isLast = at + ChangesPerAnnouncement >= changes.Count;
            var some = changes.Count <= ChangesPerAnnouncement ? changes : [.. changes.Skip(at).Take(ChangesPerAnnouncement)];
            var message = Packed.Of(new Announce(++_sent, some));
            _unconfirmed.Enqueue((_sent, isLast ? batch.Number : -1, message));
            tell(message);
        }
        if (batch.Number == 0)
            tell(Packed.Of(new RoomSyncReply(_sent, 0)));
    }

    /// <summary>
    /// To be called now and then while there are unconfirmed announcements: one that was unconfirmed the last time was lost, others are
    /// just on their way.
    /// </summary>
    public void ResendLost()
    {
        if (!_unconfirmed.TryPeek(out var oldest))
            return;
        if (oldest.Number == _watched)
            Resend();
        _watched = oldest.Number;
    }

    public void OnAnnounceReply(AnnounceReply m)
    {
        while (_unconfirmed.TryPeek(out var oldest) && oldest.Number <= m.Sequence)
        {
            _unconfirmed.Dequeue();
            if (oldest.Batch >= 0)
                confirmed(oldest.Batch);
        }
    }

    /// <summary>Asked before the directory has said what rooms there are, nothing is answered: the other node asks again.</summary>
    public void OnRoomSyncRequest(RoomSyncRequest m)
    {
        if (_sent == 0)
            return;
        if (m.Ask > _answered)
            Resend();
        _answered = Math.Max(_answered, m.Ask);
        tell(Packed.Of(new RoomSyncReply(_sent, m.Ask)));
    }

    /// <summary>Asks the other node what was missed. To be called now and then until <see cref="IsSynchronised"/>.</summary>
    public void Ask()
    {
        if (!IsSynchronised)
            tell(Packed.Of(new RoomSyncRequest(_asked)));
    }

    /// <summary>Something may be missing from here on: what was answered before counts no more.</summary>
    public void MarkUnsynchronised()
    {
        _asked++;
        IsSynchronised = false;
        setSynchronised(false);
    }

    public void OnAnnounce(Announce m)
    {
        _seen = Math.Max(_seen, m.Sequence);
        if (m.Sequence > _taken + 1)
        {
            // Something between was lost; it is sent again. Until then every broadcast goes there.
            if (IsSynchronised)
                MarkUnsynchronised();
            return;
        }
        if (m.Sequence == _taken + 1)
        {
            foreach (var change in m.Changes)
                take(change);
            _taken = m.Sequence;
        }
        tell(Packed.Of(new AnnounceReply(_taken)));
    }

    public void OnRoomSyncReply(RoomSyncReply m)
    {
        _seen = Math.Max(_seen, m.Sequence);
        if (m.Ask != _asked || _taken < _seen || IsSynchronised)
            return;
        IsSynchronised = true;
        setSynchronised(true);
    }

    private void Resend()
    {
        foreach (var (_, _, message) in _unconfirmed.Take(ResendAtOnce))
            tell(message);
    }
}
