using System.Collections;
using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using ActorSocket.Listings;

namespace ActorSocket;

/// <summary>
/// The entities of a class that publish something about themselves (<see cref="RoomEntity.Listing"/>), wherever they live: to be looked
/// through with LINQ, <c>lobby.Where(room => room.Listing.Mode == "ctf" &amp;&amp; room.Free > 0).Take(20)</c>.
/// </summary>
/// <remarks>
/// Any thread. Every node has the list, so looking asks nobody and waits for nobody: some milliseconds for 100 000 rooms, and it looks at
/// each that it has to. What happens on another node is known here a moment later. A node that has crashed takes its rooms along when it is
/// taken out of the cluster, some ten seconds later; they are back when they have started elsewhere. One that moves is listed meanwhile as
/// it was.
/// </remarks>
/// <typeparam name="TListing">What listings are read as. One that is something else is not in the list, and logged once.</typeparam>
#pragma warning disable CA1710 // rooms.Listed reads as it is meant
public sealed partial class ListedRooms<TListing> : IEnumerable<ListedRoom<TListing>>
#pragma warning restore CA1710
{
    private readonly EntityCaller _caller;
    private readonly ListingTable _table;
    private int _hasToldUnread;

    internal ListedRooms(EntityCaller caller) =>
        (_caller, _table) = (caller, caller.Namespace.Services.Server.Entities.Listings.Of(caller.Type));

    /// <summary>How many there are.</summary>
    public int Count => _table.Count;

    private Sockets.ServerServices Server => _caller.Namespace.Services.Server;

    /// <summary>The one of this id; null where it is not listed.</summary>
    public ListedRoom<TListing>? Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return _table.Find(id) is { } listing ? Read(id, listing) : null;
    }

    /// <summary>
    /// Runs when the list changes, with how it has changed since it ran last: first with all that there is, as <see
    /// cref="ListedRoomChangeKind.Added"/>, at most 500 at a time. A handler waits for the one before, also an asynchronous one, and nobody
    /// waits for it: who is slow is told what is so by then, not each step. Of this node's view; what it throws is logged.
    /// </summary>
    /// <returns>Dispose it to take the handler off.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnChanged(Func<IReadOnlyList<ListedRoomChange<TListing>>, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var subscription = new ListingSubscription<TListing>(_table, Read, changes => RunAsync(handler, changes));
        subscription.Begin();
        return subscription;
    }

    /// <inheritdoc cref="OnChanged(Func{IReadOnlyList{ListedRoomChange{TListing}}, Task})"/>
    public IDisposable OnChanged(Func<IReadOnlyList<ListedRoomChange<TListing>>, ValueTask> handler) => OnChanged(Callback.From(handler));

    /// <inheritdoc cref="OnChanged(Func{IReadOnlyList{ListedRoomChange{TListing}}, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnChanged(Action<IReadOnlyList<ListedRoomChange<TListing>>> handler) => OnChanged(Callback.From(handler));

    /// <summary>Keeps them by a key, for what is looked for all the time: see <see cref="ListedRoomIndex{TKey, TListing}"/>.</summary>
    /// <param name="key">
    /// Reads it from a room: quick, and always the same for the same room. One for which it throws is left out, which is logged.
    /// </param>
    public ListedRoomIndex<TKey, TListing> IndexBy<TKey>(Func<ListedRoom<TListing>, TKey> key)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(key);
        return new ListedRoomIndex<TKey, TListing>(this, key, new ListingIndex<TKey, TListing>(_table, ReadKey));

        (bool, TKey?) ReadKey(string id, ListedEntity listing)
        {
            try
            {
                return Read(id, listing) is { } room && key(room) is { } own ? (true, own) : (false, default);
            }
            catch (Exception error)
            {
                Server.Log.HandlerFailed(error, _caller.Type);
                return (false, default);
            }
        }
    }

    internal IEnumerable<ListedRoom<TListing>> Read(IEnumerable<KeyValuePair<string, ListedEntity>> listings) =>
        listings.Select(one => Read(one.Key, one.Value)).OfType<ListedRoom<TListing>>();

    /// <summary>All of them, in no order, as they are while one looks.</summary>
    public IEnumerator<ListedRoom<TListing>> GetEnumerator()
    {
        foreach (var (id, listing) in _table.All)
        {
            if (Read(id, listing) is { } room)
                yield return room;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private ListedRoom<TListing>? Read(string id, ListedEntity listing)
    {
        try
        {
            return listing.As<TListing>(id, Server.Json.Options);
        }
        catch (Exception error) // also what its constructor, or a converter, throws
        {
            if (Interlocked.Exchange(ref _hasToldUnread, 1) == 0)
                Server.Log.ListingNotRead(error, _caller.Type);
            return null;
        }
    }

    private async Task RunAsync(
        Func<IReadOnlyList<ListedRoomChange<TListing>>, Task> handler, IReadOnlyList<ListedRoomChange<TListing>> changes)
    {
        try
        {
            await handler(changes).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Server.Log.HandlerFailed(error, _caller.Type);
        }
    }
}
