using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>
/// Puts fragments together. Bounded by what it holds, since a sender may vanish between two of them: beyond that the oldest message goes.
/// Whatever goes, or comes without its
/// beginning, is told, so that nobody waits for it.
/// </summary>
/// <remarks>Used by one actor.</remarks>
/// <param name="lost">A message that will not be whole: who sent it, and a fragment of it. Called once at least for each.</param>
/// <param name="maxBytes">Of all messages together.</param>
internal sealed class FragmentAssembler(Action<IActorRef, Fragment> lost, long maxBytes = 256 * 1024 * 1024)
{
    private readonly OrderedDictionary<(IActorRef Sender, long Stream), Parts> _messages = [];
    private long _bytes;

    /// <summary>What is held of messages that are not whole.</summary>
    public long Bytes => _bytes;

    /// <summary>True when this was the last piece.</summary>
    public bool TryAdd(Fragment fragment, IActorRef sender, out IClusterMessage? message)
    {
        message = null;
        var key = (sender, fragment.Request);
        if (fragment.Index == 0)
        {
            Remove(key, tell: true);
            _messages.Add(key, new Parts(fragment));
        }
        else if (!_messages.TryGetValue(key, out var parts) || fragment.Index != parts.Count)
        {
            if (!Remove(key, tell: true)) // one between was lost, or the first
                lost(sender, fragment);
            return false;
        }
        else
        {
            parts.Add(fragment);
        }
        _bytes += Parts.SizeOf(fragment);
        var whole = _messages[key];
        if (whole.Count < fragment.Count)
        {
            while (_bytes > maxBytes)
                Remove(_messages.GetAt(0).Key, tell: true);
            return false;
        }
        Remove(key, tell: false);
        try
        {
            message = ClusterSerializer.Read(fragment.Manifest, whole.ToArray());
            return true;
        }
        catch (FormatException)
        {
            lost(sender, fragment); // remoting drops a short message that cannot be read, and so goes on
            return false;
        }
    }

    private bool Remove((IActorRef Sender, long Stream) key, bool tell)
    {
        if (!_messages.Remove(key, out var parts))
            return false;
        _bytes -= parts.Bytes;
        if (tell)
            lost(key.Sender, parts.First);
        return true;
    }

    private sealed class Parts(Fragment first)
    {
        private readonly List<byte[]> _parts = [first.Bytes];

        /// <summary>Without its bytes.</summary>
        public Fragment First { get; } = first with { Bytes = [] };

        public int Count => _parts.Count;

        public long Bytes { get; private set; } = SizeOf(first);

        /// <summary>Empty ones take memory, too.</summary>
        public static long SizeOf(Fragment fragment) => fragment.Bytes.Length + 256;

        public void Add(Fragment fragment)
        {
            _parts.Add(fragment.Bytes);
            Bytes += SizeOf(fragment);
        }

        public byte[] ToArray()
        {
            var whole = new byte[_parts.Sum(static part => part.Length)];
            var at = 0;
            foreach (var part in _parts)
            {
                part.CopyTo(whole, at);
                at += part.Length;
            }
            return whole;
        }
    }
}
