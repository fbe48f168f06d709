using System.Collections.Frozen;
using System.Text.Json;
using ActorSocket.Entities;
using ActorSocket.Protocol.Records;
using Akka.Actor;
using Akka.Serialization;

namespace ActorSocket.Clustering;

/// <summary>
/// The only way in which ActorSocket's messages cross nodes: a short manifest, then the fields that the message writes. Nothing is looked
/// up by a type's name. Read by a node of another version, fields that it does not know are skipped and a manifest that it does not know
/// becomes an <see cref="UnknownMessage"/>.
/// </summary>
internal sealed class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private static readonly (string Manifest, Type Type, Reader Read)[] Known =
    [
        ("hi", typeof(ClusterProtocol.Hello), ClusterProtocol.Hello.Read),
        ("an", typeof(ClusterProtocol.Announce), ClusterProtocol.Announce.Read),
        ("ak", typeof(ClusterProtocol.AnnounceReply), ClusterProtocol.AnnounceReply.Read),
        ("sy", typeof(ClusterProtocol.RoomSyncRequest), ClusterProtocol.RoomSyncRequest.Read),
        ("st", typeof(ClusterProtocol.RoomSyncReply), ClusterProtocol.RoomSyncReply.Read),
        ("pq", typeof(ClusterProtocol.CountSockets), ClusterProtocol.CountSockets.Read),
        ("pc", typeof(ClusterProtocol.CountSocketsReply), ClusterProtocol.CountSocketsReply.Read),
        ("pl", typeof(ClusterProtocol.ListRooms), ClusterProtocol.ListRooms.Read),
        ("pr", typeof(ClusterProtocol.ListRoomsReply), ClusterProtocol.ListRoomsReply.Read),
        ("sd", typeof(ClusterProtocol.PeerStatus), ClusterProtocol.PeerStatus.Read),
        ("fr", typeof(Fragment), Fragment.Read),
        ("bc", typeof(ClusterProtocol.Broadcast), ClusterProtocol.Broadcast.Read),
        ("qa", typeof(ClusterProtocol.AskClients), ClusterProtocol.AskClients.Read),
        ("qc", typeof(ClusterProtocol.ClientsAskedReply), ClusterProtocol.ClientsAskedReply.Read),
        ("qn", typeof(ClusterProtocol.ClientsNamedReply), ClusterProtocol.ClientsNamedReply.Read),
        ("qr", typeof(ClusterProtocol.ClientAnswerReply), ClusterProtocol.ClientAnswerReply.Read),
        ("ql", typeof(ClusterProtocol.ClientLeftReply), ClusterProtocol.ClientLeftReply.Read),
        ("fe", typeof(ClusterProtocol.FetchSockets), ClusterProtocol.FetchSockets.Read),
        ("fd", typeof(ClusterProtocol.FetchSocketsReply), ClusterProtocol.FetchSocketsReply.Read),
        ("cs", typeof(ClusterProtocol.ChangeSockets), ClusterProtocol.ChangeSockets.Read),
        ("cd", typeof(ClusterProtocol.ChangeSocketsReply), ClusterProtocol.ChangeSocketsReply.Read),
        ("se", typeof(ClusterProtocol.ServerSideEvent), ClusterProtocol.ServerSideEvent.Read),
        ("sr", typeof(ClusterProtocol.ServerSideEventReply), ClusterProtocol.ServerSideEventReply.Read),
        ("lc", typeof(ClusterProtocol.ClaimSocket), ClusterProtocol.ClaimSocket.Read),
        ("lg", typeof(ClusterProtocol.ClaimSocketReply), ClusterProtocol.ClaimSocketReply.Read),
        ("lt", typeof(ClusterProtocol.ReturnSocket), ClusterProtocol.ReturnSocket.Read),
        ("lm", typeof(ClusterProtocol.CollectMissed), ClusterProtocol.CollectMissed.Read),
        ("le", typeof(ClusterProtocol.MissedEventsReply), ClusterProtocol.MissedEventsReply.Read),
        ("lx", typeof(ClusterProtocol.CollectEmitted), ClusterProtocol.CollectEmitted.Read),
        ("lr", typeof(ClusterProtocol.Replicate), ClusterProtocol.Replicate.Read),
        ("lo", typeof(ClusterProtocol.DropReplica), ClusterProtocol.DropReplica.Read),
        ("la", typeof(ClusterProtocol.ReplicateReply), ClusterProtocol.ReplicateReply.Read),
        ("lf", typeof(ClusterProtocol.EmitBarrier), ClusterProtocol.EmitBarrier.Read),
        ("ld", typeof(ClusterProtocol.EmitBarrierReply), ClusterProtocol.EmitBarrierReply.Read),
        ("ec", typeof(ClusterProtocol.CallEntity), ClusterProtocol.CallEntity.Read),
        ("ea", typeof(ClusterProtocol.CallEntityReply), ClusterProtocol.CallEntityReply.Read),
        ("ew", typeof(ClusterProtocol.WakeEntity), ClusterProtocol.WakeEntity.Read),
        ("en", typeof(ClusterProtocol.StoreEntityRecord), ClusterProtocol.StoreEntityRecord.Read),
        ("eo", typeof(ClusterProtocol.EntityRecordReply), ClusterProtocol.EntityRecordReply.Read),
        ("eq", typeof(ClusterProtocol.QueryEntity), ClusterProtocol.QueryEntity.Read),
        ("er", typeof(ClusterProtocol.EntityQueryReply), ClusterProtocol.EntityQueryReply.Read),
        ("li", typeof(ClusterProtocol.ListingChanges), ClusterProtocol.ListingChanges.Read),
        ("lj", typeof(ClusterProtocol.ListingChangesReply), ClusterProtocol.ListingChangesReply.Read),
        ("wa", typeof(ClusterProtocol.WatchSocket), ClusterProtocol.WatchSocket.Read),
        ("wu", typeof(ClusterProtocol.UnwatchSocket), ClusterProtocol.UnwatchSocket.Read),
        ("ws", typeof(ClusterProtocol.SocketSighting), ClusterProtocol.SocketSighting.Read),
        ("wr", typeof(ClusterProtocol.SocketSightingReply), ClusterProtocol.SocketSightingReply.Read),
        ("rg", typeof(ClusterProtocol.PollRequest), ClusterProtocol.PollRequest.Read),
        ("rc", typeof(ClusterProtocol.PollCut), ClusterProtocol.PollCut.Read),
        ("rl", typeof(ClusterProtocol.GatewayLeaves), ClusterProtocol.GatewayLeaves.Read),
        ("rb", typeof(ClusterProtocol.PostBegun), ClusterProtocol.PostBegun.Read),
        ("rp", typeof(ClusterProtocol.PostRequest), ClusterProtocol.PostRequest.Read),
        ("rf", typeof(ClusterProtocol.PostFailed), ClusterProtocol.PostFailed.Read),
        ("ro", typeof(ClusterProtocol.OtherRequest), ClusterProtocol.OtherRequest.Read),
        ("ru", typeof(ClusterProtocol.UpgradeRequest), ClusterProtocol.UpgradeRequest.Read),
        ("ok", typeof(ClusterProtocol.RequestServed), ClusterProtocol.RequestServed.Read),
        ("no", typeof(ClusterProtocol.RequestRefused), ClusterProtocol.RequestRefused.Read),
        ("lb", typeof(ClusterProtocol.LinkBatch), ClusterProtocol.LinkBatch.Read),
    ];

    private static readonly FrozenDictionary<Type, string> Manifests = Known.ToFrozenDictionary(
        static known => known.Type,
        static known => known.Manifest
    );
    private static readonly FrozenDictionary<string, Reader> Readers = Known.ToFrozenDictionary(
        static known => known.Manifest,
        static known => known.Read,
        StringComparer.Ordinal
    );

    private delegate IClusterMessage Reader(ref WireReader wire);

    public override int Identifier => 5005;

    public static string ManifestOf(IClusterMessage message) =>
        message is UnknownMessage unknown ? unknown.Name : Manifests[message.GetType()];

    /// <exception cref="FormatException">The bytes are no such message: whatever they are, nothing else is thrown.</exception>
    public static IClusterMessage Read(string manifest, ReadOnlySpan<byte> bytes)
    {
        if (!Readers.TryGetValue(manifest, out var read))
            return new UnknownMessage(manifest);
        var wire = new WireReader(bytes);
        try
        {
            return read(ref wire);
        }
        // JSON in it that is none, or not what it should be
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException($"A message between nodes ({manifest}) cannot be read.", error);
        }
    }

    public override string Manifest(object o) => o is Packed packed ? packed.Manifest : ManifestOf(MessageOf(o));

    public override byte[] ToBinary(object obj) => (obj as Packed ?? Packed.Of(MessageOf(obj))).Bytes;

    public override object FromBinary(byte[] bytes, string manifest) => Read(manifest, bytes) switch
    {
        ClusterProtocol.CallEntity m => m.ToCall(),
        ClusterProtocol.CallEntityReply m => m.ToAnswer(),
        var message => message,
    };

    /// <summary>Entities and their callers do not know that what they say may travel.</summary>
    private static IClusterMessage MessageOf(object message) => message switch
    {
        EntityCall call => new ClusterProtocol.CallEntity(call),
        EntityAnswer answer => new ClusterProtocol.CallEntityReply(answer),
        _ => (IClusterMessage)message,
    };
}

/// <summary>What a newer node sent and this one cannot read. It is counted and ignored.</summary>
internal sealed record UnknownMessage(string Name) : IClusterMessage
{
    public void Write(WireWriter wire)
    {
    }
}
