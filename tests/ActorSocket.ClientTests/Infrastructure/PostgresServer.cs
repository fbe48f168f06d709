using System.Globalization;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>A PostgreSQL of its own: Debian's, in a folder that goes with it.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _bin;
    private readonly string _folder;
    private readonly int _port = Ports.Free();
    private bool _isPaused;

    private PostgresServer(string bin, string folder) => (_bin, _folder) = (bin, folder);

    public string ConnectionString =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Timeout=2");

    private string Data => Path.Combine(_folder, "data");

    public static async Task<PostgresServer> StartAsync()
    {
        var bin = await Prerequisites.PostgresAsync();
        var server = new PostgresServer(bin, Directory.CreateTempSubdirectory("actorsocket-pg-").FullName);
        if (Environment.IsPrivilegedProcess)
            await CheckAsync("/bin/chown", "postgres", server._folder);
        await server.RunAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "--no-sync");
        await server.StartAgainAsync();
        return server;
    }

    public Task StartAgainAsync() => RunAsync(
        "pg_ctl",
        "-D",
        Data,
        "-w",
        "-l",
        Path.Combine(_folder, "log"),
        "-o",
        string.Create(CultureInfo.InvariantCulture, $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder} -F"),
        "start"
    );

    /// <summary>As after a loss of power: no connection is told.</summary>
    public Task CrashAsync() => RunAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    /// <summary>It stands still, and its connections stay open: SIGSTOP, to all its processes.</summary>
    public Task PauseAsync()
    {
        _isPaused = true;
        return SignalAsync("STOP");
    }

    public Task ContinueAsync()
    {
        _isPaused = false;
        return SignalAsync("CONT");
    }

    /// <summary>The rows of a query, as psql prints them.</summary>
    public async Task<string[]> QueryAsync(string sql)
    {
        string[] arguments = ["-h", _folder, "-p", $"{_port}", "-U", "postgres", "-At", "-c", sql];
        var (exitCode, output) = await Tool.RunAsync(Path.Combine(_bin, "psql"), arguments, "/");
        Assert.True(exitCode == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isPaused)
            await ContinueAsync();
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            await CrashAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Each connection has a process of its own, a child of the first.</summary>
    private async Task SignalAsync(string name)
    {
        var first = (await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid")))[0];
        await CheckAsync("/bin/sh", "-c", $"kill -{name} {first} $(cat /proc/{first}/task/{first}/children)");
    }

    /// <summary>It refuses to be run by root.</summary>
    private Task RunAsync(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? CheckAsync("/sbin/runuser", ["-u", "postgres", "--", Path.Combine(_bin, program), .. arguments])
        : CheckAsync(Path.Combine(_bin, program), arguments);

    private static async Task CheckAsync(string file, params string[] arguments)
    {
        var (exitCode, output) = await Tool.RunAsync(file, arguments, "/");
        Assert.True(exitCode == 0, $"{file} {string.Join(' ', arguments)}: {output}");
    }
}
