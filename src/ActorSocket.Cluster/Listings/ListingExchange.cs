using ActorSocket.Listings;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What two nodes tell each other of what their entities publish, as one of them sees it. Told is what is so, not what has happened: of a
/// listing that changes while the message before is on its way, the last state goes with the next. So nothing waits but a note for each
/// listing that has changed, and whatever is lost, doubled or late between the two, both come to know what there is.
/// </summary>
/// <remarks>
/// One thread: <see cref="ListingActor"/>, which has the timer. Knows no time and no network, so that a model can be held against it.
/// </remarks>
/// <param name="tables">This node's.</param>
/// <param name="peer">The other node.</param>
/// <param name="nextEpoch">Grows with each call.</param>
/// <param name="tell">Sends to the other node.</param>
internal sealed class ListingExchange(ListingTables tables, IRemoteNode peer, Func<long> nextEpoch, Action<Packed> tell)
{
    private const int ChangesAtOnce = 500;
    private const int BytesAtOnce = 32 * 1024;

    /// <summary>After so many quiet ticks an empty message is told: should the other node lack something, it finds out.</summary>
    private const int TicksBetween = 10;

    /// <summary>After so many ticks without anything new it is asked for everything: what was lost has been repeated by then.</summary>
    private const int TicksToAsk = 3;

    /// <summary>More notes than that are not kept, as for a node that does not answer: it is told everything when it does.</summary>
    private const int MaxNotes = 200_000;

    // To the other node.
    private readonly Queue<(string Type, string Id)> _order = new();
    private readonly HashSet<(string Type, string Id)> _changed = [];
    private Packed? _onItsWay;
    private long _epoch;
    private long _number;
    private int _left; // of what there was when the epoch began
    private bool _isWholeDue;
    private bool _wasOnItsWay; // the last time that somebody looked
    private int _quiet; // ticks
    private bool _areNotesLost;
    private bool _isHeard; // it has confirmed something of this epoch

    // From the other node.
    private long _heardEpoch;
    private long _heardNumber;
    private bool _hasHeardAll;
    private int _silent; // ticks without anything new

    /// <summary>Listings that have changed and that the other node has not been told of.</summary>
    public int Untold => _changed.Count;

    /// <summary>Whether there is nothing that the other node has not confirmed.</summary>
    public bool IsDone => _onItsWay is null && _changed.Count == 0 && !_isWholeDue;

    /// <summary>Tells everything that there is.</summary>
    public void Begin()
    {
        (_epoch, _number, _onItsWay, _wasOnItsWay, _isHeard, _areNotesLost) = (nextEpoch(), 0, null, false, false, false);
        _order.Clear();
        _changed.Clear();
        foreach (var own in tables.Own)
        {
            if (_changed.Add(own))
                _order.Enqueue(own);
        }
        (_left, _isWholeDue) = (_order.Count, true);
        Send();
    }

    /// <summary>A listing of this node has changed.</summary>
    public void Mark(string type, string id)
    {
        if (_areNotesLost)
            return;
        if (_changed.Count >= MaxNotes + _left && _onItsWay is not null)
        {
            _changed.Clear();
            _order.Clear();
            _areNotesLost = true;
            return;
        }
        if (_changed.Add((type, id)))
            _order.Enqueue((type, id));
        Send();
    }

    /// <summary>To be called now and then: repeats what seems to be lost.</summary>
    public void Tick()
    {
        if (_onItsWay is { } message && _wasOnItsWay)
            tell(message);
        _wasOnItsWay = _onItsWay is not null;
        if (++_quiet > TicksBetween && _onItsWay is null)
            Send(isAsked: true);
        if (!_hasHeardAll && ++_silent >= TicksToAsk)
        {
            _silent = 0;
            tell(Packed.Of(new ListingChangesReply(0, 0)));
        }
    }

    public void OnReply(ListingChangesReply m)
    {
        if (m.Epoch == 0)
        {
            if (_isHeard) // else everything is on its way
                Begin();
        }
        else if (m.Epoch != _epoch)
        {
            return;
        }
        else if (m.Number == 0)
        {
            Begin();
        }
        else if (m.Number == _number && _onItsWay is not null)
        {
            (_onItsWay, _wasOnItsWay, _isHeard) = (null, false, true);
            if (_areNotesLost)
                Begin();
            else
                Send();
        }
    }

    public void OnChanges(ListingChanges m)
    {
        if (m.Epoch < _heardEpoch)
            return; // late
        if (m.Epoch > _heardEpoch && m.Number == 1)
            (_heardEpoch, _heardNumber, _hasHeardAll) = (m.Epoch, 0, false);
        if (m.Epoch > _heardEpoch || m.Number > _heardNumber + 1)
        {
            tell(Packed.Of(new ListingChangesReply(m.Epoch, 0))); // this node has begun anew, and the other does not know
            return;
        }
        if (m.Number == _heardNumber + 1)
        {
            foreach (var change in m.Changes)
                Take(change, m.Epoch);
            if (m.IsWhole)
            {
                tables.RemoveOlder(peer, m.Epoch);
                _hasHeardAll = true;
            }
            _heardNumber++;
            _silent = 0;
        }
        tell(Packed.Of(new ListingChangesReply(m.Epoch, _heardNumber)));
    }

    private void Take(ListingChange change, long epoch)
    {
        if (change.Listing is not { } listing)
        {
            tables.Of(change.Type).Remove(change.Id, peer);
            return;
        }
        tables.Take(change.Type, change.Id, listing.With(peer, epoch, listing.IsMoving));
    }

    private void Send(bool isAsked = false)
    {
        if (_onItsWay is not null || _epoch == 0 || (_order.Count == 0 && !_isWholeDue && !isAsked))
            return;
        _quiet = 0;
        var some = new List<ListingChange>();
        var bytes = 0;
        while (some.Count < ChangesAtOnce && bytes < BytesAtOnce && _order.TryDequeue(out var next))
        {
            _changed.Remove(next);
            _left = Math.Max(0, _left - 1);
            var listing = tables.FindOwn(next.Type, next.Id);
            some.Add(new ListingChange(next.Type, next.Id, listing));
            bytes += 64 + next.Id.Length + (listing?.Data.Length ?? 0);
        }
        var isWhole = _isWholeDue && _left == 0;
        if (isWhole)
            _isWholeDue = false;
        _onItsWay = Packed.Of(new ListingChanges(_epoch, ++_number, isWhole, some));
        _wasOnItsWay = false;
        tell(_onItsWay);
    }
}
