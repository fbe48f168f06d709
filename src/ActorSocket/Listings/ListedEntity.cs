using System.Text.Json;
using ActorSocket.Recovery;

namespace ActorSocket.Listings;

/// <summary>What an entity publishes about itself, at a moment: it does not change.</summary>
/// <param name="generation">Which life of the entity says it: of two lives the later one has the higher number.</param>
/// <param name="revision">Which of the things that this life has said.</param>
/// <param name="data">JSON.</param>
internal sealed class ListedEntity(long generation, long revision, byte[] data, int seats, int capacity, bool isLocked)
{
    private object? _typed;

    public long Generation => generation;

    public long Revision => revision;

    public byte[] Data => data;

    public int Seats => seats;

    public int Capacity => capacity;

    public bool IsLocked => isLocked;

    /// <summary>The node that has told it; null for this one.</summary>
    public IRemoteNode? Node { get; init; }

    /// <summary>In which of the tellings of everything that node has told it.</summary>
    public long Epoch { get; init; }

    /// <summary>It moves to another node: it is listed until that one lists it, also where the node that it was on has gone.</summary>
    public bool IsMoving { get; init; }

    /// <summary>The same, of another node or in another state.</summary>
    public ListedEntity With(IRemoteNode? node, long epoch, bool isMoving) =>
        new(generation, revision, data, seats, capacity, isLocked) { Node = node, Epoch = epoch, IsMoving = isMoving };

    /// <summary>Whether this was said after the other.</summary>
    public bool IsNewerThan(ListedEntity other) =>
        generation > other.Generation || (generation == other.Generation && revision > other.Revision);

    /// <summary>As the application reads it: made once, as long as it is asked for as the same.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public ListedRoom<TListing> As<TListing>(string id, JsonSerializerOptions json)
    {
        if (Volatile.Read(ref _typed) is ListedRoom<TListing> known)
            return known;
        var listing = JsonSerializer.Deserialize<TListing>(data, json) ?? throw new JsonException("A listing is null.");
        var typed = new ListedRoom<TListing>(id, listing, seats, capacity, isLocked);
        Volatile.Write(ref _typed, typed);
        return typed;
    }
}
