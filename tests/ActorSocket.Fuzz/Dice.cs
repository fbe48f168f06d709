namespace ActorSocket.Fuzz;

/// <summary>
/// Random numbers that are the same on every machine and runtime, so that a seed and a number are enough to have an input again
/// (SplitMix64).
/// </summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Dice of its own for each input, so that one can be had again without those before it.</summary>
    public static Dice For(ulong seed, long number) => new(new Dice(seed ^ ((ulong)number * 0x9E3779B97F4A7C15)).Next());

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 up to, not including, the limit.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>Small ones more often.</summary>
    public int Few(int limit) => Below(1 + Below(limit));

    public bool OneIn(int chances) => Below(chances) == 0;

    public T Pick<T>(ReadOnlySpan<T> all) => all[Below(all.Length)];

    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)Next();
        return bytes;
    }
}
