using System.Diagnostics;
using System.Globalization;

namespace ActorSocket.Fuzz;

/// <summary>
/// <c>dotnet run --project tests/ActorSocket.Fuzz -c Release -- [--seconds N] [--seed S] [--target NAME] [--input N]</c>: every target in
/// turn for its share of the time, or one input again.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var seconds = int.Parse(Option(args, "--seconds") ?? "60", CultureInfo.InvariantCulture);
        var seed = Option(args, "--seed") is { } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : FuzzTests.NewSeed();
        var name = Option(args, "--target");
        using var sessions = new SessionTarget();
        var targets = Array.FindAll<Target>(
            [.. Fuzzer.Codecs, sessions],
            target => name is null || string.Equals(target.Name, name, StringComparison.Ordinal)
        );
        if (targets.Length == 0)
        {
            Console.Error.WriteLine($"There is no target \"{name}\".");
            return 2;
        }
        var failed = false;
        foreach (var target in targets)
        {
            var clock = Stopwatch.StartNew();
            try
            {
                var tried = Option(args, "--input") is { } input
                    ? Fuzzer.Run(target, seed, long.Parse(input, CultureInfo.InvariantCulture), 1)
                    : Fuzzer.Run(target, seed, 0, long.MaxValue, TimeSpan.FromSeconds((double)seconds / targets.Length));
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{target.Name}: seed {seed}, {tried} inputs, {clock.Elapsed.TotalSeconds:0.0} s"
                    )
                );
            }
            catch (FuzzException failure)
            {
                Console.WriteLine(failure);
                failed = true;
            }
        }
        return failed ? 1 : 0;
    }

    private static string? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
