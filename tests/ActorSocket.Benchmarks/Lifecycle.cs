using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorSocket.Benchmarks;

/// <summary>
/// How long a server takes from its start to being ready, and from SIGTERM to its end, alone, with WebSockets and with pollers:
/// <c>-- lifecycle PATH/ActorSocket.Server.dll [--clients N] [--rounds N]</c>.
/// </summary>
internal static partial class Lifecycle
{
    private const int SigTerm = 15;

    private static readonly HttpClient Http = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    public static async Task<int> RunAsync(string server, string[] args)
    {
        var (clients, rounds) = (1000, 5);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            (clients, rounds) = args[i] == "--clients" ? (value, rounds) : (clients, value);
        }
        var ready = new List<double>();
        Console.WriteLine($"{rounds} rounds; the least, the median and the most, in seconds.");
        Console.WriteLine("| what | | | |");
        Console.WriteLine("|---|---|---|---|");
        var alone = await RepeatAsync(rounds, server, ready, static _ => Task.CompletedTask);
        var sockets = await RepeatAsync(rounds, server, ready, port => OpenAsync(clients, port, WebSocketAsync));
        var pollers = await RepeatAsync(rounds, server, ready, port => OpenAsync(clients, port, PollerAsync));
        Say("from the start of the process to ready", ready);
        Say("from SIGTERM to the end, without clients", alone);
        Say($"… with {clients} WebSockets", sockets);
        Say($"… with {clients} polling clients", pollers);
        return 0;
    }

    private static async Task<List<double>> RepeatAsync(int rounds, string server, List<double> ready, Func<int, Task> connect)
    {
        var ends = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("actorsocket-lifecycle-");
            var port = FreePort();
            var clock = Stopwatch.StartNew();
            using var process = Start(server, port, folder.FullName);
            while (!await IsReadyAsync(port))
            {
                if (process.HasExited)
                    throw new InvalidOperationException("The server did not start: " + await process.StandardOutput.ReadToEndAsync());
                await Task.Delay(5);
            }
            ready.Add(clock.Elapsed.TotalSeconds);
            await connect(port);
            clock.Restart();
            _ = Kill(process.Id, SigTerm);
            await process.WaitForExitAsync();
            ends.Add(clock.Elapsed.TotalSeconds);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"The server ended with code {process.ExitCode}.");
            folder.Delete(recursive: true);
        }
        return ends;
    }

    private static Process Start(string server, int port, string folder) => Process.Start(new ProcessStartInfo("dotnet",
        [Path.GetFullPath(server), "--urls", $"http://127.0.0.1:{port}", "--contentRoot", folder, "--Logging:LogLevel:Default", "Error"])
    {
        WorkingDirectory = folder,
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;

    private static async Task<bool> IsReadyAsync(int port)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task OpenAsync(int clients, int port, Func<int, Task> open)
    {
        foreach (var some in Enumerable.Range(0, clients).Chunk(50))
            await Task.WhenAll(some.Select(_ => open(port)));
    }

    private static async Task WebSocketAsync(int port)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"), default);
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, default);
        await socket.SendAsync("40"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
        await socket.ReceiveAsync(buffer, default);
        _ = Task.Run(async () =>
        {
            using (socket)
            {
                while ((await socket.ReceiveAsync(buffer, default)).MessageType != WebSocketMessageType.Close)
                {
                }
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
            }
        });
    }

    /// <summary>It goes on polling until it is told to go.</summary>
    private static async Task PollerAsync(int port)
    {
        var path = $"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling";
        var opened = await Http.GetStringAsync(new Uri(path));
        var sid = opened.Split("\"sid\":\"")[1].Split('"')[0];
        var session = new Uri($"{path}&sid={sid}");
        using var connect = new StringContent("40", Encoding.UTF8, "text/plain");
        (await Http.PostAsync(session, connect)).Dispose();
        await Http.GetStringAsync(session);
        _ = Task.Run(async () =>
        {
            while (await Http.GetStringAsync(session) is not ("1" or "6"))
            {
            }
        });
    }

    private static void Say(string what, List<double> seconds)
    {
        seconds.Sort();
        Console.WriteLine($"| {what} | {seconds[0]:0.00} | {seconds[seconds.Count / 2]:0.00} | {seconds[^1]:0.00} |");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
