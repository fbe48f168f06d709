using System.Numerics;

namespace ActorSocket.Benchmarks.Load;

/// <summary>A histogram of times: 64 steps in each power of two of nanoseconds, hence within 1.6 %.</summary>
internal sealed class Latencies
{
    private const int Bits = 6;
    private readonly long[] _counts = new long[(64 - Bits) << Bits];
    private long _total;
    private long _max;

    public void Add(TimeSpan time)
    {
        var value = Math.Max((long)time.TotalNanoseconds, 1);
        var exponent = Math.Max(BitOperations.Log2((ulong)value) - Bits, 0);
        _counts[(exponent << Bits) + (int)(value >> exponent)]++;
        _total++;
        _max = Math.Max(_max, value);
    }

    public void Clear()
    {
        Array.Clear(_counts);
        (_total, _max) = (0, 0);
    }

    /// <summary>The time within which this part of all came, in microseconds.</summary>
    public double Microseconds(double quantile)
    {
        var wanted = (long)Math.Ceiling(quantile * _total);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted && seen > 0)
                return Math.Min(Value(i), _max) / 1e3;
        }
        return 0;
    }

    private static double Value(int index)
    {
        // Below 2 << Bits a value is its own index; above, the leading bit is part of the step.
        if (index < 2 << Bits)
            return index;
        var exponent = (index >> Bits) - 1;
        return (double)(index - (exponent << Bits)) * (1L << exponent);
    }
}
