using System.Text.Json;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What merge patches save of a game's state, and cost: <c>-- sync</c>. What an entity does for each interval, however many clients follow
/// it; in processor time, without the emit, which is that of any event.
/// </summary>
internal static class Syncing
{
    private const int Times = 2000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static int Run()
    {
        Console.WriteLine("| state | whole | a patch | saved | written as JSON | read again | compared | all, of one core at 20 Hz |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        for (var warmUp = 0; warmUp < 3; warmUp++)
            Once(50, 5, isQuiet: true);
        Once(50, 5);
        Once(50, 50);
        Once(50, 0);
        Once(1000, 20);
        return 0;
    }

    private static void Once(int count, int moving, bool isQuiet = false)
    {
        var dice = new Random(1);
        var units = Enumerable.Range(1, count).ToDictionary(
            static number => $"unit-{number}",
            number => new Unit
            {
                X = Any(), Y = Any(), Angle = Any(), Health = 100, Owner = $"player {number % 8}", Kind = "fighter",
            },
            StringComparer.Ordinal);
        var all = units.Values.ToArray();
        var before = Read(Write());
        long wholes = 0, patches = 0;
        TimeSpan writing = default, reading = default, comparing = default;
        for (var i = 0; i < Times; i++)
        {
            for (var move = 0; move < moving; move++)
            {
                var unit = all[((i * moving) + move) % count];
                (unit.X, unit.Y, unit.Angle) = (Any(), Any(), Any());
            }
            var begun = Cpu();
            var json = Write();
            writing += Cpu() - begun;
            begun = Cpu();
            var now = Read(json);
            reading += Cpu() - begun;
            begun = Cpu();
            var patch = JsonMergePatch.Diff(before, now);
            comparing += Cpu() - begun;
            wholes += json.Length;
            patches += patch is { } some ? JsonMergePatch.BytesOf(some).Length : 0;
            before = now;
        }
        var (write, read, compare) = (writing / Times, reading / Times, comparing / Times);
        if (!isQuiet)
        {
            Console.WriteLine(
                $"| {count} units, {moving} move | {wholes / Times} bytes | {patches / Times} bytes | {1 - ((double)patches / wholes):P0} "
                + $"| {Micro(write)} | {Micro(read)} | {Micro(compare)} | {(write + read + compare) * 20 / TimeSpan.FromSeconds(1):P2} |");
        }

        double Any() => Math.Round(dice.NextDouble() * 1000, 2);

        byte[] Write() => JsonSerializer.SerializeToUtf8Bytes<object>(new { units, phase = "battle", round = 3 }, Json);

        static JsonElement Read(byte[] json) => JsonMergePatch.ParseWithoutNulls(json);
    }

    private static string Micro(TimeSpan time) => $"{time.TotalMicroseconds:0} µs";

    /// <summary>Of this process: other programs may use the machine meanwhile.</summary>
    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private sealed class Unit
    {
        public double X { get; set; }

        public double Y { get; set; }

        public double Angle { get; set; }

        public int Health { get; set; }

        public required string Owner { get; init; }

        public required string Kind { get; init; }
    }
}
