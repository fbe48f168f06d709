using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSocket.Listings;
using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>What an entity knows of its surroundings, and what it has asked of them.</summary>
/// <remarks>For the entity's own code, and for its actor while none of that runs.</remarks>
internal sealed class EntityContext(string id, EntityKind kind)
{
    private readonly Dictionary<string, EntityTimer> _timers = new(StringComparer.Ordinal);
    private bool _areTimersChanged;
    private long _seatsTimed; // which version of the seats
    private long _seatsSaved;
    private byte[]? _listing;
    private long _listingVersion;
    private (long Listing, long Seats) _listed; // which versions were published
    private long _revision; // of what was said of it

    public string Id => id;

    public string Type => kind.Type;

    public Namespace Namespace => kind.Namespace;

    public EntityOptions Options => kind.Options;

    /// <summary>The entity's own actor.</summary>
    public IActorRef Actor { get; set; } = ActorRefs.Nobody;

    public ISocketWatcher Watcher => kind.Namespace.Services.Server.Entities.SocketWatcher!;

    /// <summary>Null until the entity asks for them.</summary>
    public Seats? Seats { get; private set; }

    /// <summary>Null where its class shows nothing, and before it lives.</summary>
    public Sync? Sync { get; private set; }

    /// <summary>Whether there was one before that may have done more than this one knows of: it crashed, or may have.</summary>
    public bool HasLostBefore { get; set; }

    public bool IsRetired { get; private set; }

    /// <summary>It has retired, and what it has saved is to go as well.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Null where its class keeps nothing.</summary>
    public EntitySaves? Saves { get; set; }

    public IReadOnlyCollection<EntityTimer> Timers => _timers.Values;

    /// <summary>Whether they are not those that were looked at last.</summary>
    public bool AreTimersChanged => _areTimersChanged || (Seats is { } seats && seats.Table.Version != _seatsTimed);

    /// <summary>Whether there are any: then the entity is not idle.</summary>
    public bool HasSeats => Seats is { Count: > 0 };

    public void Retire() => IsRetired = true;

    public void Delete() => IsRetired = IsDeleted = true;

    /// <summary>Which life of the entity this is: of two, the later one has the higher number.</summary>
    public long Generation { get; set; }

    /// <summary>It was started to reserve seats, and nothing else was asked of it.</summary>
    public bool IsForSeats { get; set; }

    /// <summary>Those that it was started for were refused, and nobody else knows of it.</summary>
    public bool IsUnwanted => IsForSeats && HasRefused && _listing is null && !HasSeats && _timers.Count == 0;

    /// <summary>Somebody was refused seats.</summary>
    public bool HasRefused { get; set; }

    /// <summary>As it was set.</summary>
    public object? Listing { get; private set; }

    /// <summary>Whether others know of it.</summary>
    public bool IsListed { get; set; }

    /// <summary>Whether it would publish something else than it has.</summary>
    public bool IsListingChanged =>
        (_listing is not null || IsListed) && _listed != (_listingVersion, Seats?.Table.Version ?? 0);

    /// <exception cref="ArgumentException">It is too long, or no JSON.</exception>
    public void SetListing(object? listing)
    {
        byte[]? bytes = null;
        if (listing is not null)
        {
            bytes = JsonSerializer.SerializeToUtf8Bytes(listing, listing.GetType(), kind.Namespace.Services.Server.Json.Options);
            if (bytes.Length > kind.Options.MaxListingBytes)
            {
                throw new ArgumentException(
                    $"The listing has {bytes.Length} bytes of JSON; it has {kind.Options.MaxListingBytes} at most "
                    + "(EntityOptions.MaxListingBytes).",
                    nameof(listing)
                );
            }
        }
        Listing = listing;
        if (bytes is null ? _listing is null : _listing is not null && bytes.AsSpan().SequenceEqual(_listing))
            return;
        _listing = bytes;
        _listingVersion++;
    }

    /// <summary>What it publishes now; null for nothing.</summary>
    public ListedEntity? ToListed() => _listing is null
        ? null
        : new ListedEntity(
            Generation,
            ++_revision,
            _listing,
            Seats?.Count ?? 0,
            Seats?.Capacity ?? kind.Options.MaxSeats,
            Seats?.IsLocked ?? false
        );

    /// <summary>Likewise, to be published.</summary>
    public ListedEntity? TakeListing()
    {
        _listed = (_listingVersion, Seats?.Table.Version ?? 0);
        return ToListed();
    }

    /// <summary>The entity calls itself, from any thread: when it is its turn.</summary>
    public void CallSelf(string method) =>
        Actor.Tell(new EntityCall(id, method, "[]"u8.ToArray(), WantsAnswer: false), ActorRefs.Nobody);

    /// <exception cref="ArgumentException">There is no such method.</exception>
    public void SetTimer(string method, TimeSpan delay, TimeSpan interval)
    {
        if (!kind.Methods.ContainsKey(method))
            throw new ArgumentException($"A \"{kind.Type}\" has no method [Event(\"{method}\")].", nameof(method));
        PutTimer(new EntityTimer(method, kind.Namespace.Services.Server.Time.GetUtcNow() + delay, interval));
    }

    public void PutTimer(EntityTimer timer)
    {
        _timers[timer.Method] = timer;
        _areTimersChanged = true;
    }

    public bool RemoveTimer(string method) => _timers.Remove(method);

    /// <summary>The one that is due first.</summary>
    public EntityTimer? FirstTimer() => _timers.Values.MinBy(static timer => timer.Due);

    /// <summary>When the first of them is due, or the first seat is over: looked at from now on.</summary>
    public DateTimeOffset? FirstDue()
    {
        _areTimersChanged = false;
        _seatsTimed = Seats?.Table.Version ?? 0;
        var (timer, seat) = (FirstTimer()?.Due, Seats?.FirstDue);
        return timer is null || seat < timer ? seat : timer;
    }

    /// <summary>It has started, and says whether it shows something.</summary>
    public void StartSync(RoomEntity entity, long generation)
    {
        if (entity.SyncInterval != TimeSpan.Zero)
            Sync = new Sync(this, entity, generation);
    }

    /// <summary>The room of the entity, <c>class:id</c>.</summary>
    /// <param name="kind">Behind the class, whose name has letters, digits and dashes; for another room of it.</param>
    public string RoomName(string kind = "")
    {
        var name = $"{Type}{kind}:{Id}";
        // A room's name is short, and ids that are longer than one may begin alike.
        return Encoding.UTF8.GetByteCount(name) <= Sockets.ServerServices.MaxRoomNameBytes
            ? name
            : $"{Type}{kind}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Id)))}";
    }

    /// <summary>Those that were kept; null for none.</summary>
    public Seats SeatsOf(RoomEntity entity, SeatRecords? kept = null) => Seats ??= new Seats(this, entity, kept);

    /// <summary>What is kept of the seats; null where there is nothing.</summary>
    /// <param name="isHandOver">By another node, and not by the store.</param>
    public SeatRecords? SeatsToKeep(bool isHandOver) => Seats is { Table: { Version: > 0 } table } ? table.ToRecords(isHandOver) : null;

    /// <summary>For the store, and null where nobody ever sat: what its start alone has set is no reason to save an entity.</summary>
    public SeatRecords? SeatsToSave() => Seats is { Table.HasStory: true } ? SeatsToKeep(isHandOver: false) : null;

    /// <summary>Whether they are others than when this was asked last.</summary>
    public bool TakeSeatsChanged()
    {
        var version = Seats?.Table.Version ?? 0;
        var areChanged = version != _seatsSaved;
        _seatsSaved = version;
        return areChanged;
    }

    /// <summary>It is called now: once more later, or never again.</summary>
    public void TakeTimer(EntityTimer timer, DateTimeOffset now)
    {
        _areTimersChanged = true;
        if (timer.After(now) is { } next)
            _timers[timer.Method] = next;
        else
            _timers.Remove(timer.Method);
    }
}
