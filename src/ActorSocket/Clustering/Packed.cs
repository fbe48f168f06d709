using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Clustering;

/// <summary>
/// A message in the form in which it leaves the node: written once, however many nodes it goes to. What is too long for one of Akka's frames goes in
/// fragments, so that heartbeats get between them.
/// </summary>
/// <param name="Manifest">What it is.</param>
/// <param name="Bytes">What it says.</param>
/// <param name="Entity">For a shard region: the id of the session, or of the entity, that it is for. Else empty.</param>
internal sealed record Packed(string Manifest, byte[] Bytes, string Entity) : IDeadLetterSuppression
{
    /// <summary>Well below Akka's maximum-frame-size of 128 000 bytes.</summary>
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
        ClusterProtocol.CallEntity { Id: var id } => id,
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

/// <summary>A piece of a long message. Pieces of one arrive in order.</summary>
internal sealed record Fragment(string Sid, long Request, int Index, int Count, string Manifest, byte[] Bytes) : ClusterProtocol.ISessionRequest
{
    public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Number(Index).Number(Count).Text(Manifest).Bytes(Bytes);

    public static Fragment Read(ref WireReader wire) => new(wire.Text(), wire.Number(), (int)wire.Number(), (int)wire.Number(), wire.Text(), wire.Bytes());
}

/// <summary>Puts fragments together. Used by one actor; bounded, since a sender may vanish between two of them.</summary>
internal sealed class FragmentAssembler(int maxMessages = 64, int maxBytes = 256 * 1024 * 1024)
{
    private readonly OrderedDictionary<(IActorRef Sender, long Stream), List<byte[]>> _parts = [];

    /// <summary>True when this was the last piece.</summary>
    public bool TryAdd(Fragment fragment, IActorRef sender, out IClusterMessage? message)
    {
        message = null;
        var key = (sender, fragment.Request);
        if (fragment.Index == 0)
        {
            if (_parts.Count >= maxMessages)
                _parts.RemoveAt(0);
            _parts[key] = new List<byte[]>(Math.Clamp(fragment.Count, 1, 1024));
        }
        if (!_parts.TryGetValue(key, out var parts))
            return false;
        parts.Add(fragment.Bytes);
        if (fragment.Index != parts.Count - 1 || (long)parts.Count * Packed.MaxBytes > maxBytes)
        {
            _parts.Remove(key); // one was lost, or it never ends
            return false;
        }
        if (parts.Count < fragment.Count)
            return false;
        _parts.Remove(key);
        var whole = new byte[parts.Sum(static part => part.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }
        message = ClusterSerializer.Read(fragment.Manifest, whole);
        return true;
    }
}
