using System.Security.Cryptography;
using System.Text;

namespace ActorSocket.AdminUi;

/// <summary>
/// The sessions that administrators have, by what can be made of their ids and not the other way round. Each is good for a day; of more
/// than a thousand the oldest goes.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class AdminSessions(TimeProvider time)
{
    public const int Most = 1000;

    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _madeAt = new(StringComparer.Ordinal);

    /// <returns>What the other nodes are told of it.</returns>
    public byte[] Add(string id)
    {
        var key = KeyOf(id);
        Add(key);
        return key;
    }

    /// <summary>One that another node has made.</summary>
    public void Add(byte[] key)
    {
        lock (_gate)
        {
            _madeAt[Convert.ToHexString(key)] = time.GetTimestamp();
            if (_madeAt.Count > Most)
                _madeAt.Remove(_madeAt.MinBy(static session => session.Value).Key);
        }
    }

    public bool Has(string id)
    {
        var key = Convert.ToHexString(KeyOf(id));
        lock (_gate)
        {
            if (!_madeAt.TryGetValue(key, out var madeAt))
                return false;
            if (time.GetElapsedTime(madeAt) < Lifetime)
                return true;
            _madeAt.Remove(key);
            return false;
        }
    }

    private static byte[] KeyOf(string id) => SHA256.HashData(Encoding.UTF8.GetBytes(id));
}
