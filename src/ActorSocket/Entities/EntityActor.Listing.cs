using ActorSocket.Sessions;

namespace ActorSocket.Entities;

/// <summary>What the entity publishes about itself: after a turn, and not too often.</summary>
internal sealed partial class EntityActor
{
    private long? _publishedAt;
    private bool _isListingSet; // a timer for it runs

    private sealed class ListingDue : ILocalMessage { public static readonly ListingDue Instance = new(); }

    private void PublishListing()
    {
        if (_isListingSet)
            return;
        var now = _server.Time.GetTimestamp();
        var left = _publishedAt is { } at ? kind.Options.ListingInterval - _server.Time.GetElapsedTime(at, now) : TimeSpan.Zero;
        if (left > TimeSpan.Zero)
        {
            _isListingSet = true;
            Timers.StartSingleTimer(nameof(ListingDue), ListingDue.Instance, left);
            return;
        }
        _publishedAt = now;
        if (_context.TakeListing() is { } listing)
        {
            _context.IsListed = true;
            _entities.Listings.Publish(kind.Type, id, listing);
        }
        else
        {
            Unlist(isMoving: false);
        }
    }

    private void Unlist(bool isMoving)
    {
        if (!_context.IsListed)
            return;
        _context.IsListed = false;
        if (isMoving)
            _entities.Listings.Depart(kind.Type, id, _server.Time);
        else
            _entities.Listings.Withdraw(kind.Type, id);
    }
}
