using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Tests whose behaviour is written in a script of the real client, as a case of the same name.</summary>
public abstract class ClientTest(string script, ITestOutputHelper output)
{
    protected ITestOutputHelper Output { get; } = output;

    /// <summary>Runs the case against a WireHost that it has for itself and checks what the server saw.</summary>
    /// <param name="mode">The transport.</param>
    /// <param name="settings">Options of the server, as in a configuration file: <c>"AutoAck=true"</c>.</param>
    /// <param name="profile">The WireHost's profile.</param>
    /// <param name="name">The case.</param>
    protected Task RunAsync(string mode, string[]? settings = null, string profile = "default", [CallerMemberName] string name = "") =>
        HostProcess.UseAsync(Output, profile, settings ?? [], async host =>
        {
            await using var client = await StartAsync(host.Url, mode, name);
            await host.Journal.SawAsync(await client.FinishAsync());
        });

    /// <summary>The same for cases that leave something behind in the server: their WireHost serves no other.</summary>
    protected async Task RunAloneAsync(string mode, [CallerMemberName] string name = "")
    {
        await using var host = await HostProcess.StartAsync(Output, "default");
        await using var client = await StartAsync(host.Url, mode, name);
        await host.Journal.SawAsync(await client.FinishAsync());
    }

    /// <summary>The same for cases whose server goes and comes back while they run.</summary>
    protected async Task RunWithBreaksAsync(string mode, int breaks = 1, [CallerMemberName] string name = "")
    {
        await using var server = await RealServer.StartAsync(Output, port: Ports.Free());
        await using var client = await StartAsync(server.Url, mode, name);
        for (var i = 0; i < breaks; i++)
        {
            await client.SignalAsync("up");
            await server.StopAsync();
            await client.ContinueAsync();
            await client.SignalAsync("down");
            await server.StartAsync();
            await client.ContinueAsync();
        }
        await client.FinishAsync();
    }

    private protected async Task<ScriptClient> StartAsync(Uri url, string mode, [CallerMemberName] string name = "") =>
        script == "python"
            ? await ScriptClient.StartPythonAsync(name, url, mode)
            : await ScriptClient.StartJavaScriptAsync(script, name, url, mode);
}
