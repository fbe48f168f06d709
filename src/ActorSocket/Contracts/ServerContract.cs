namespace ActorSocket;

/// <summary>The contract of a server, as documents.</summary>
public sealed class ServerContract
{
    internal const string AsyncApiFile = "asyncapi.json";
    internal const string TypeScriptFile = "socket.d.ts";

    internal ServerContract(string asyncApi, string typeScript) => (AsyncApi, TypeScript) = (asyncApi, typeScript);

    /// <summary>An AsyncAPI 3.0 document, in JSON.</summary>
    public string AsyncApi { get; }

    /// <summary>
    /// TypeScript declarations for the generics of <c>socket.io-client</c>:
    /// <c>Socket&lt;ServerToClientEvents, ClientToServerEvents&gt;</c>.
    /// </summary>
    public string TypeScript { get; }

    /// <summary>Writes both, as <c>asyncapi.json</c> and <c>socket.d.ts</c>.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="cancellationToken">Ends it between two files.</param>
    public async Task WriteToAsync(string folder, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, AsyncApiFile), AsyncApi, cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, TypeScriptFile), TypeScript, cancellationToken).ConfigureAwait(false);
    }
}
