using System.Security.Cryptography;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>
/// What the real clients need, found or installed by the suite itself: once per run, one test process at a time.
/// What cannot be had fails the test with the one command that helps; nothing is skipped.
/// </summary>
internal static class Prerequisites
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(10);
    private static readonly Lazy<Task<string>> NodeReady = new(() => GuardedAsync(PrepareNodeAsync));
    private static readonly Lazy<Task<string>> ChromiumReady = new(() => GuardedAsync(PrepareChromiumAsync));
    private static readonly Lazy<Task<string>> NginxReady = new(() => GuardedAsync(PrepareNginxAsync));
    private static readonly Lazy<Task<string>> PostgresReady = new(() => GuardedAsync(PreparePostgresAsync));
    private static readonly Lazy<Task<string>> RedisReady = new(() => GuardedAsync(PrepareRedisAsync));
    private static readonly Lazy<Task<string>> PythonReady = new(() => GuardedAsync(PreparePythonAsync));

    /// <summary>The folder of PostgreSQL's programs, which is not on the PATH.</summary>
    public static Task<string> PostgresAsync() => PostgresReady.Value;

    /// <summary>The path of redis-server.</summary>
    public static Task<string> RedisAsync() => RedisReady.Value;

    /// <summary>The path of node, with the packages of node/package-lock.json installed.</summary>
    public static Task<string> NodeAsync() => NodeReady.Value;

    /// <summary>The path of Chromium.</summary>
    public static Task<string> ChromiumAsync() => ChromiumReady.Value;

    /// <summary>The path of nginx, which is not on a user's PATH.</summary>
    public static Task<string> NginxAsync() => NginxReady.Value;

    /// <summary>The path of a Python that has python-socketio.</summary>
    public static Task<string> PythonAsync() => PythonReady.Value;

    private static async Task<string> PrepareNodeAsync()
    {
        var node = Tool.Find("node");
        var npm = Tool.Find("npm");
        if (node is null || npm is null)
            throw new InvalidOperationException("Node.js is missing. Install it: apt-get install -y nodejs npm");

        var folder = Path.Combine(Repository.ClientTests, "node");
        var stamp = Path.Combine(folder, "node_modules", ".installed");
        var wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "package-lock.json"))));
        if (!File.Exists(stamp) || await File.ReadAllTextAsync(stamp) != wanted)
        {
            var (exitCode, output) = await Tool.RunAsync(npm, ["ci", "--no-audit", "--no-fund"], folder, InstallLimit);
            if (exitCode != 0)
            {
                throw new InvalidOperationException(
                    $"Run this and read what it says: npm ci --prefix tests/ActorSocket.ClientTests/node\n{output}"
                );
            }

            await File.WriteAllTextAsync(stamp, wanted);
        }

        return node;
    }

    private static async Task<string> PrepareChromiumAsync()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new InvalidOperationException($"CHROMIUM_PATH names no file: {given}");
        }

        if (FindChromium() is null)
            await InstallAsync("chromium");

        return FindChromium()
            ?? throw new InvalidOperationException(
                "Debian's package chromium put no `chromium` on the PATH. Name it: export CHROMIUM_PATH=…"
            );
    }

    private static string? FindChromium() => Tool.Find("chromium", "chromium-browser", "google-chrome");

    private static async Task<string> PrepareNginxAsync()
    {
        if (FindNginx() is null)
            await InstallAsync("nginx");

        return FindNginx() ?? throw new InvalidOperationException("Debian's package nginx put no /usr/sbin/nginx there.");

        static string? FindNginx() => Tool.Find("nginx") ?? (File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);
    }

    private static async Task<string> PreparePostgresAsync()
    {
        if (FindPostgres() is null)
            await InstallAsync("postgresql");

        return FindPostgres() ?? throw new InvalidOperationException("Debian's package postgresql put no /usr/lib/postgresql/*/bin there.");

        static string? FindPostgres() => Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .Select(static version => Path.Combine(version, "bin"))
                .FirstOrDefault(static bin => File.Exists(Path.Combine(bin, "initdb")))
            : null;
    }

    private static async Task<string> PrepareRedisAsync()
    {
        if (Tool.Find("redis-server") is null)
            await InstallAsync("redis-server");

        return Tool.Find("redis-server")
            ?? throw new InvalidOperationException("Debian's package redis-server put no redis-server on the PATH.");
    }

    private static async Task<string> PreparePythonAsync()
    {
        const string python = "/usr/bin/python3";
        if (!await CanImportAsync())
            await InstallAsync("python3-socketio", "python3-aiohttp", "python3-requests", "python3-websocket", "python3-redis");

        return await CanImportAsync()
            ? python
            : throw new InvalidOperationException($"{python} still cannot import socketio, aiohttp, requests, websocket and redis.");

        static async Task<bool> CanImportAsync() =>
            File.Exists(python)
            && (await Tool.RunAsync(python, ["-c", "import socketio, aiohttp, requests, websocket, redis"])).ExitCode == 0;
    }

    private static async Task InstallAsync(params string[] packages)
    {
        var command = $"apt-get update && RUNLEVEL=1 apt-get install -y --no-install-recommends {string.Join(' ', packages)}";
        if (!Environment.IsPrivilegedProcess || Tool.Find("apt-get") is null)
        {
            throw new InvalidOperationException($"Missing: {string.Join(' ', packages)}. Install as root: {command}");
        }

        var (exitCode, output) = await Tool.RunAsync("/bin/sh", ["-c", command], limit: InstallLimit);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"This failed, run it and read what it says: {command}\n{output}");
        }
    }

    /// <summary>Lets one test process at a time install: the lock dies with the process that holds it.</summary>
    private static async Task<string> GuardedAsync(Func<Task<string>> prepare)
    {
        var path = Path.Combine(Path.GetTempPath(), "actorsocket-client-tests.lock");
        using var patience = new CancellationTokenSource(InstallLimit);
        while (true)
        {
            try
            {
                await using var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return await prepare();
            }
            catch (IOException) when (IsHeldByAnother(path))
            {
                await Task.Delay(200, patience.Token); // a file says to nobody that it is free
            }
        }
    }

    private static bool IsHeldByAnother(string path)
    {
        try
        {
            using var probe = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
