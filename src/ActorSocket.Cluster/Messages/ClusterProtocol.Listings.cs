using ActorSocket.Listings;
using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>What entities publish about themselves (<see cref="ListingExchange"/>).</summary>
internal static partial class ClusterProtocol
{
    /// <summary>What an entity of the sender's node publishes now; null for nothing any more.</summary>
    internal sealed record ListingChange(string Type, string Id, ListedEntity? Listing)
    {
        public static void Write(WireWriter wire, ListingChange change)
        {
            wire.Text(change.Type).Text(change.Id).Flag(change.Listing is not null);
            if (change.Listing is { } listing)
                wire.Record(listing, WriteListing);
        }

        public static ListingChange Read(ref WireReader wire)
        {
            var (type, id) = (wire.Text(), wire.Text());
            return new ListingChange(type, id, wire.Flag() ? wire.Record(ReadListing) : null);
        }

        private static void WriteListing(WireWriter wire, ListedEntity listing) => wire.Number(listing.Generation)
            .Number(listing.Revision).Bytes(listing.Data).Number(listing.Seats).Number(listing.Capacity).Flag(listing.IsLocked)
            .Flag(listing.IsMoving);

        private static ListedEntity ReadListing(ref WireReader wire) =>
            new(wire.Number(), wire.Number(), wire.Bytes(), (int)wire.Number(), (int)wire.Number(), wire.Flag()) { IsMoving = wire.Flag() };
    }

    /// <summary>
    /// What has changed of the sender's listings since the message before. With each epoch it tells everything anew; repeated until it is
    /// confirmed, and only then followed by the next.
    /// </summary>
    /// <param name="Epoch">Which telling of everything this belongs to.</param>
    /// <param name="Number">Which message of that, from 1.</param>
    /// <param name="IsWhole">Whether by now everything was told that there was when the epoch began.</param>
    /// <param name="Changes">What has changed.</param>
    internal sealed record ListingChanges(long Epoch, long Number, bool IsWhole, IReadOnlyList<ListingChange> Changes) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Epoch).Number(Number).Flag(IsWhole).Records(Changes, ListingChange.Write);

        public static ListingChanges Read(ref WireReader wire) =>
            new(wire.Number(), wire.Number(), wire.Flag(), wire.Records(ListingChange.Read));
    }

    /// <summary>
    /// That many messages of the epoch were taken. Of epoch 0, or number 0: the sender knows nothing of it and is to be told everything.
    /// </summary>
    internal sealed record ListingChangesReply(long Epoch, long Number) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Epoch).Number(Number);

        public static ListingChangesReply Read(ref WireReader wire) => new(wire.Number(), wire.Number());
    }
}
