using System.Diagnostics;

namespace ActorSocket.Fuzz;

/// <summary>One kind of input, and what must hold whatever it is.</summary>
internal abstract class Target
{
    public abstract string Name { get; }

    /// <summary>How many inputs a run of the tests takes.</summary>
    public abstract int Inputs { get; }

    /// <summary>Makes one input, and tries it. Throws when something does not hold.</summary>
    public abstract void Run(FuzzInput input);

    /// <summary>What can be known only when all have been tried.</summary>
    public virtual void Finish()
    {
    }
}

/// <summary>One input: its dice, and for who has to look into it, its bytes.</summary>
internal sealed class FuzzInput(ulong seed, long number)
{
    public Dice Dice { get; } = Dice.For(seed, number);

    public long Number => number;

    public byte[] Bytes { get; set; } = [];

    /// <summary>
    /// Runs what reads the input, and bounds what it may allocate: so much for each byte, and a little. Counted, not timed, on this thread.
    /// Now and then an input is long, so that what grows faster than the input does is seen.
    /// </summary>
    public void Bounded(int perByte, int atMost, Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        read();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var allowed = ((long)perByte * Bytes.Length) + atMost;
        if (allocated > allowed)
            throw new InvalidOperationException(
                $"{allocated} bytes were allocated for an input of {Bytes.Length} bytes; {allowed} are allowed."
            );
    }

    public static void Hold(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException(what);
    }
}

/// <summary>An input for which something did not hold.</summary>
internal sealed class FuzzException(string message, Exception inner) : Exception(message, inner);

/// <summary>Runs targets, and says how to have an input again.</summary>
internal static class Fuzzer
{
    public static readonly Target[] Codecs =
    [
        new PayloadTarget(), new Revision3Target(), new FrameTarget(), new TextPacketTarget(), new MessagePackTarget(), new ClusterTarget(),
    ];

    /// <summary>Tries a number of inputs, or as many as there is time for.</summary>
    /// <returns>How many were tried.</returns>
    public static long Run(Target target, ulong seed, long first, long count, TimeSpan? time = null)
    {
        var clock = Stopwatch.StartNew();
        var number = first;
        for (; number < first + count && (time is null || clock.Elapsed < time); number++)
        {
            var input = new FuzzInput(seed, number);
            try
            {
                target.Run(input);
            }
            catch (Exception error)
            {
                var hex =
                    input.Bytes.Length <= 4096 ? Convert.ToHexString(input.Bytes) : Convert.ToHexString(input.Bytes.AsSpan(0, 4096)) + "…";
                throw new FuzzException(
                    $"{target.Name}, seed {seed}, input {number}: {error.GetType().Name}: {error.Message}\nAgain: dotnet run --project "
                    + $"tests/ActorSocket.Fuzz -c Release -- --target {target.Name} --seed {seed} --input {number}\nBytes: {hex}",
                    error);
            }
        }
        target.Finish();
        return number - first;
    }
}
