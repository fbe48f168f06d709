using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace ActorSocket.Fuzz;

/// <summary>
/// More than a million inputs in a run of the tests, other ones each time: the seed is printed, and can be set (<c>FUZZ_SEED</c>), as can
/// how many times as many inputs there are to be (<c>FUZZ_TIMES</c>).
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly ulong Seed = Environment.GetEnvironmentVariable("FUZZ_SEED") is { Length: > 0 } seed
        ? ulong.Parse(seed, CultureInfo.InvariantCulture)
        : NewSeed();

    public static TheoryData<string> Targets => new(Fuzzer.Codecs.Select(static target => target.Name));

    /// <summary>Another one each time, short enough to be typed.</summary>
    public static ulong NewSeed() => (ulong)Random.Shared.NextInt64(1_000_000_000);

    [Fact]
    public void A_run_of_the_tests_takes_more_than_a_million_inputs() =>
        Assert.InRange(Fuzzer.Codecs.Sum(static target => target.Inputs), 1_000_000, int.MaxValue);

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whatever_comes_is_read_or_refused_at_a_cost_that_grows_with_its_length(string name) =>
        Run(Array.Find(Fuzzer.Codecs, target => string.Equals(target.Name, name, StringComparison.Ordinal))!);

    [Fact]
    public void Whatever_a_client_does_its_session_ends_or_lives_as_the_protocol_says()
    {
        using var sessions = new SessionTarget();
        Run(sessions);
    }

    private void Run(Target target)
    {
        var times = Environment.GetEnvironmentVariable("FUZZ_TIMES") is { Length: > 0 } more
            ? int.Parse(more, CultureInfo.InvariantCulture)
            : 1;
        var tried = Fuzzer.Run(target, Seed, 0, (long)target.Inputs * times);
        output.WriteLine($"{target.Name}: seed {Seed}, {tried} inputs");
        Console.WriteLine($"fuzz {target.Name}: seed {Seed}, {tried} inputs");
    }
}
