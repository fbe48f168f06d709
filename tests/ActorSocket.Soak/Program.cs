using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using ActorSocket.Soak;

// Everything at once, for as long as one likes, while nodes are killed and stopped:
//   dotnet run -c Release --project tests/ActorSocket.Soak -- --minutes 10 [--clients 36] [--pace 1] [--faults 40] [--seed N]
//     [--transport stock] [--out FOLDER]
// Three nodes behind a round-robin balancer; official clients by all transports (tests/ActorSocket.ClientTests/node/soak.mjs), which check
// what may never happen. It ends with 1, and says why, when something did, or when something is left once all clients are gone.
var options = new SoakOptions(args);
var random = new Random(options.Seed);
Console.WriteLine(
    $"{options.Minutes} minutes, {options.Clients} talkers, a fault every {options.FaultEvery} s, seed {options.Seed}, on {options.Transport}"
);
var problems = new List<string>();
var table = new StringBuilder("second,node,sessions,sockets,heap MB,working set MB,threads,descriptors,actors\n");
var events = new StringBuilder();
var clock = Stopwatch.StartNew();
await using var cluster = await TestCluster.StartAsync(
    3,
    "--ActorSocket:ConnectionStateRecovery:MaxDisconnectionDuration=00:02:00",
    "--ActorSocket:PingInterval=00:00:05",
    "--ActorSocket:PingTimeout=00:00:05",
    $"--transport={options.Transport}"
);
Note($"the cluster is whole: {string.Join(", ", cluster.Nodes.Select(static node => node.Tag))}");
clock.Restart();
JsonElement counts;
await using (
    var clients = await ScriptClient.StartJavaScriptAsync(
        "soak",
        "soak",
        cluster.Balancer.Url,
        "mixed",
        ("CLIENTS", $"{options.Clients}"),
        ("PACE", options.Pace.ToString(CultureInfo.InvariantCulture))
    )
)
{
    await clients.SignalAsync("running");
    using var over = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
    var watching = WatchAsync(clients);
    await FaultsAsync(clients, over.Token);
    await clients.ContinueAsync();
    counts = await watching;
}
Note("the clients are gone");
try
{
    await cluster.EmptyAsync();
    await cluster.AssertQuietAsync(mayFail: true);
}
catch (Exception e)
{
    problems.Add(e.Message);
}
await SampleAsync(collect: true);
foreach (var node in cluster.Living)
{
    foreach (
        var life in (await node.JournalAsync(""))
            .Select(static line => line.Split(' '))
            .GroupBy(static words => words[0], static words => words[1], StringComparer.Ordinal)
    )
    {
        // A recovered socket ends here and goes on elsewhere, or comes from elsewhere.
        var ends = life.Count(static what => what == "disconnect");
        var connects = life.Count(static what => what == "connect");
        if (ends != connects)
            problems.Add($"{life.Key} on {node.Tag}: {string.Join(' ', life)}");
    }
}
var report = Report();
Console.WriteLine(report);
if (options.Out is { } folder)
{
    Directory.CreateDirectory(folder);
    await File.WriteAllTextAsync(Path.Combine(folder, "soak.md"), report);
    await File.WriteAllTextAsync(Path.Combine(folder, "soak.csv"), table.ToString());
}
return problems.Count == 0 ? 0 : 1;

// Until the clients' last line.
async Task<JsonElement> WatchAsync(ScriptClient clients)
{
    while (true)
    {
        var line = await clients.NextAsync("the clients' counts", TimeSpan.FromMinutes(2));
        if (!line.TryGetProperty("problems", out _))
            throw new InvalidOperationException($"The clients ended: {line}");
        Collect(line);
        if (
            line.GetProperty("problems")
                .EnumerateArray()
                .Any(static problem => problem.GetString()!.Contains("has not ticked", StringComparison.Ordinal))
        )
            await NoteTicksAsync();
        if (line.TryGetProperty("ok", out _))
            return line;
        await SampleAsync(collect: false);
    }
}

async Task FaultsAsync(ScriptClient clients, CancellationToken over)
{
    while (!over.IsCancellationRequested)
    {
        try
        {
            // How often there is a fault is an option.
            await Task.Delay(TimeSpan.FromSeconds(options.FaultEvery * (0.5 + random.NextDouble())), over);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        var living = cluster.Living.ToArray();
        var victim = living[random.Next(living.Length)];
        if (random.Next(3) == 0)
        {
            Note($"kill -9 of {victim.Tag}");
            await clients.TellAsync($"killed {victim.Tag}");
            victim.Kill();
            await victim.EndAsync(TimeSpan.FromSeconds(10));
        }
        else
        {
            Note($"SIGTERM to {victim.Tag}");
            await clients.TellAsync("leaving");
            await victim.TerminateAsync();
            var code = await victim.EndAsync(TimeSpan.FromSeconds(40));
            if (code != 0)
                problems.Add($"{victim.Tag} ended with {code} after SIGTERM");
        }
        var next = await cluster.AddAsync();
        await next.ReadyAsync();
        cluster.Balancer.Target([.. cluster.Living]);
        await cluster.WholeAsync(TimeSpan.FromSeconds(60));
        await clients.TellAsync("whole");
        Note($"whole again, with {next.Tag}");
    }
}

void Collect(JsonElement line)
{
    foreach (var problem in line.GetProperty("problems").EnumerateArray())
    {
        problems.Add(problem.GetString()!);
        Note($"PROBLEM {problem.GetString()}");
    }
}

// Whether what is not heard does not tick.
async Task NoteTicksAsync()
{
    foreach (var node in cluster.Living)
    {
        try
        {
            var before = await node.TicksAsync();
            await Task.Delay(1_000); // one that does not tick says nothing
            var after = await node.TicksAsync();
            var ticks = before.Select(entity => $"{entity.Key} {entity.Value}..{after.GetValueOrDefault(entity.Key, -1)}");
            Note($"{node.Tag} has ticked: {string.Join(", ", ticks)}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Note($"{node.Tag} does not answer");
        }
    }
}

async Task SampleAsync(bool collect)
{
    foreach (var node in cluster.Living)
    {
        try
        {
            var state = await node.StateAsync(collect);
            table.Append(
                CultureInfo.InvariantCulture,
                $"{clock.Elapsed.TotalSeconds:F0},{node.Tag},{state.Sessions},{state.Sockets},{state.Bytes / 1e6:F1},"
                + $"{state.WorkingSet / 1e6:F0},{state.Threads},{state.Descriptors},{state.Actors}\n"
            );
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // It is being ended.
        }
    }
}

void Note(string what)
{
    var line = string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:F0} s  {what}");
    events.AppendLine(line);
    Console.WriteLine(line);
}

string Report()
{
    var last = table.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^cluster.Living.Count()..];
    var text = new StringBuilder();
    text.AppendLine(CultureInfo.InvariantCulture, $"# Soak: {options.Minutes} minutes, {options.Clients} talkers, seed {options.Seed}\n");
    text.AppendLine(
        CultureInfo.InvariantCulture,
        $"    dotnet run -c Release --project tests/ActorSocket.Soak -- --minutes {options.Minutes} --clients {options.Clients} --pace {options.Pace} --faults "
        + $"{options.FaultEvery} --seed {options.Seed}\n"
    );
    var numbers = counts.EnumerateObject().Where(static count => count.Value.ValueKind is JsonValueKind.Number);
    text.AppendLine($"What the clients did and saw: {string.Join(", ", numbers.Select(static count => $"{count.Name} {count.Value}"))}.\n");
    text.AppendLine(
        problems.Count == 0
            ? "Nothing happened that may not happen."
            : $"{problems.Count} problems:\n\n{string.Join('\n', problems.Select(static problem => $"- {problem}"))}"
    );
    text.AppendLine("\nThe nodes once all clients were gone, after a collection (every five seconds of it: soak.csv):\n");
    text.AppendLine(
        "| node | sessions | sockets | heap MB | working set MB | threads | descriptors | actors |\n|---|---|---|---|---|---|---|---|"
    );
    foreach (var line in last)
        text.AppendLine($"| {string.Join(" | ", line.Split(',')[1..])} |");
    text.AppendLine("\nWhat was done to the nodes:\n");
    foreach (var line in events.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        text.AppendLine($"    {line}");
    return text.ToString();
}
