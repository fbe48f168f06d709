using System.Globalization;
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
    private readonly Dictionary<string, Session> _all = new(StringComparer.Ordinal);

    /// <summary>What another node is told that has just come: of each session its key, and the seconds that are left.</summary>
    public string Text
    {
        get
        {
            lock (_gate)
                return string.Join(' ', _all.Select(session =>
                    string.Create(CultureInfo.InvariantCulture, $"{session.Key} {(int)Left(session.Value).TotalSeconds}")));
        }
    }

    /// <summary>What the other nodes know a session by.</summary>
    public static byte[] KeyOf(string id) => SHA256.HashData(Encoding.UTF8.GetBytes(id));

    /// <summary>What another node has made of its sessions by <see cref="Text"/>.</summary>
    public void AddAll(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i + 1 < words.Length; i += 2)
        {
            if (int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                Add(words[i], TimeSpan.FromSeconds(seconds));
        }
    }

    /// <summary>One that was made just now, here or on another node.</summary>
    public void Add(byte[] key) => Add(Convert.ToHexString(key), Lifetime);

    public void Add(byte[] key, TimeSpan left) => Add(Convert.ToHexString(key), left);

    public bool Has(string id) => LeftOf(KeyOf(id)) > TimeSpan.Zero;

    /// <summary>How long a session is good for; nothing where it is none.</summary>
    public TimeSpan LeftOf(byte[] key)
    {
        lock (_gate)
            return _all.TryGetValue(Convert.ToHexString(key), out var session) ? Left(session) : TimeSpan.Zero;
    }

    private void Add(string key, TimeSpan left)
    {
        if (left <= TimeSpan.Zero)
            return;
        var told = new Session(time.GetTimestamp(), left < Lifetime ? left : Lifetime);
        lock (_gate)
        {
            // Nodes tell each other by the second: none lives the longer for that.
            if (_all.TryGetValue(key, out var known) && Left(known) > TimeSpan.Zero)
                return;
            _all[key] = told;
            if (_all.Count > Most)
                _all.Remove(_all.MinBy(session => Left(session.Value)).Key);
        }
    }

    private TimeSpan Left(Session session)
    {
        var left = session.GoodFor - time.GetElapsedTime(session.At);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private sealed record Session(long At, TimeSpan GoodFor);
}
