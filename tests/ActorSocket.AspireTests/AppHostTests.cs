using System.Globalization;
using ActorSocket.ClientTests.Infrastructure;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace ActorSocket.AspireTests;

/// <summary>The app host of docs/samples/aspire, started by Aspire's own orchestrator: each node is a process.</summary>
public sealed class AppHostTests
{
    private static readonly string[] Nodes = ["chat-1", "chat-2", "chat-3"];

    [Fact]
    public async Task What_a_client_says_reaches_those_on_the_other_nodes()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var port = Ports.Free().ToString(CultureInfo.InvariantCulture);
        await using var host = await DistributedApplicationTestingBuilder
            .CreateAsync<Projects.AppHost>(["--ActorSocket:FirstPort=" + port], patience.Token);
        await using var app = await host.BuildAsync(patience.Token);
        await app.StartAsync(patience.Token);
        foreach (var node in Nodes)
            await app.ResourceNotifications.WaitForResourceHealthyAsync(node, WaitBehavior.StopOnResourceUnavailable, patience.Token);

        var urls = Nodes.Select(node => app.GetEndpoint(node, "http")).ToArray();
        await using var clients = await ScriptClient.StartJavaScriptAsync(
            "aspire", "What_one_says_the_clients_of_all_nodes_hear", urls[0], "upgrade", ("NODES", string.Join(' ', urls.AsEnumerable())));
        await clients.FinishAsync();
    }
}
