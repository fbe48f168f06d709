using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Tests whose behaviour is written in a script of the real client, as a case of the same name.</summary>
public abstract class ClientTest(string script, ITestOutputHelper output)
{
    protected ITestOutputHelper Output { get; } = output;

    /// <summary>Runs the case against a server of its own and checks what the server saw.</summary>
    protected async Task RunAsync(string mode, Action<ActorSocketOptions>? configure = null, [CallerMemberName] string name = "")
    {
        await using var server = await RealServer.StartAsync(Output, configure);
        await using var client = await StartAsync(server.Url, mode, name);
        await server.SawAsync(await client.FinishAsync());
    }

    private protected async Task<ScriptClient> StartAsync(Uri url, string mode, [CallerMemberName] string name = "") =>
        script == "python"
            ? await ScriptClient.StartPythonAsync(name, url, mode)
            : await ScriptClient.StartJavaScriptAsync(script, name, url, mode);
}
