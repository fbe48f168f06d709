using ActorSocket.Protocol.Records;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Clustering;

/// <summary>
/// A message in the form in which it leaves the node: written once, however many nodes it goes to. What is too long for one of Akka's
/// frames goes in fragments, so that heartbeats get between them.
/// </summary>
/// <param name="Manifest">What it is.</param>
/// <param name="Bytes">What it says.</param>
/// <param name="Entity">For a shard region: the id of the session, or of the entity, that it is for. Else empty.</param>
internal sealed record Packed(string Manifest, byte[] Bytes, string Entity) : IDeadLetterSuppression
{
    /// <summary>Well below any frame size that is accepted: see <see cref="FrameSize"/>.</summary>
    public const int MaxBytes = 64 * 1024;

    public static Packed Of(IClusterMessage message)
    {
        var wire = new WireWriter();
        message.Write(wire);
        return new Packed(ClusterSerializer.ManifestOf(message), wire.ToArray(), EntityOf(message));
    }

    private static string EntityOf(IClusterMessage message) => message switch
    {
        ClusterProtocol.ISessionRequest { Sid: var sid } => sid,
        ClusterProtocol.IEntityRequest { Id: var id } => id,
        _ => "",
    };

    public IClusterMessage Unpack() => ClusterSerializer.Read(Manifest, Bytes);

    /// <param name="receiver">Whom it is for.</param>
    /// <param name="stream">Tells its fragments from those of others of the same sender.</param>
    /// <param name="sender">Whom answers go to.</param>
    public void TellTo(IActorRef receiver, long stream, IActorRef sender)
    {
        if (Bytes.Length <= MaxBytes)
        {
            receiver.Tell(this, sender);
            return;
        }
        var count = (Bytes.Length + MaxBytes - 1) / MaxBytes;
        for (var i = 0; i < count; i++)
        {
            var piece = Bytes.AsSpan(i * MaxBytes, Math.Min(MaxBytes, Bytes.Length - (i * MaxBytes)));
            receiver.Tell(Of(new Fragment(Entity, stream, i, count, Manifest, piece.ToArray())), sender);
        }
    }
}
