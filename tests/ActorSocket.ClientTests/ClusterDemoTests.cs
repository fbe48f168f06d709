using ActorSocket.ClientTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;
using static ActorSocket.ClientTests.Infrastructure.Lobby;

namespace ActorSocket.ClientTests;

/// <summary>The demo on three nodes behind nginx, as config/run-cluster.sh runs it: round robin, no sticky sessions.</summary>
[Collection(DemoClusterGroup.Name)]
public sealed class ClusterDemoTests(Chromium chromium)
{
    private static readonly LocatorAssertionsToHaveTextOptions Patient = new() { Timeout = 30_000 };
    private static readonly LocatorAssertionsToHaveAttributeOptions PatientHeads = new() { Timeout = 30_000 };

    // After a crash the cluster is whole again in about 20 s.
    private static readonly LocatorAssertionsToHaveAttributeOptions Healed = new() { Timeout = 90_000 };

    // The smallest PNG there is: one pixel.
    private static readonly byte[] Picture = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    );

    [Fact]
    public async Task Visitors_on_different_nodes_are_in_one_lobby()
    {
        await using var cluster = await ClusterScript.StartAsync("--Admin:Token=open sesame");
        await using var ada = await EnterAsync(cluster, "Ada");
        await ada.Page.FillAsync("#create-name", "Chess");
        await ada.Page.ClickAsync("#create-lobby");
        await Expect(ada.Page.Locator("#lobby-name")).ToHaveTextAsync("Chess", Patient);
        await SayAsync(ada, "before Bob came");
        var adasNode = await NodeOfAsync(cluster, ada);
        await using var bob = await EnterAsync(cluster, "Bob", node => node != adasNode);
        await JoinAsync(bob, "Chess");

        await Expect(bob.Page.Locator("#messages")).ToContainTextAsync("before Bob came", new() { Timeout = 30_000 });
        foreach (var tab in (Tab[])[ada, bob])
        {
            await Expect(tab.Page.Locator("[data-lobby=Chess]")).ToHaveAttributeAsync("data-heads", "2", PatientHeads);
            await Expect(tab.Page.Locator("#transport")).ToHaveTextAsync("websocket", Patient);
        }
        await SayAsync(bob, "hi Ada");
        await SaidAsync(ada, "hi Ada");
        await SayAsync(ada, "hi Bob");
        await SaidAsync(bob, "hi Bob");

        await ada.Page.SetInputFilesAsync("#picture", new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Picture });
        await bob.Page.Locator("img[alt='Picture from Ada']").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await bob.Page.WaitForFunctionAsync("""() => document.querySelector("img[alt='Picture from Ada']").naturalWidth === 1""");

        await ada.Page.ClickAsync("#ready");
        await ada.Page.ClickAsync("#ready-yes");
        await bob.Page.ClickAsync("#ready-yes");
        await Expect(ada.Page.Locator("#messages .news")).ToHaveTextAsync("All are ready: the game starts!", Patient);
        await Expect(bob.Page.Locator("#messages .news")).ToHaveTextAsync("All are ready: the game starts!", Patient);

        ada.Page.Dialog += (_, dialog) => _ = dialog.AcceptAsync("a secret");
        await ada.Page.ClickAsync("#members button");
        await Expect(ada.Page.Locator("#messages .whisper time")).ToHaveTextAsync("delivered", Patient);
        await Expect(bob.Page.Locator("#messages .whisper")).ToHaveTextAsync("Ada whispers: a secret", Patient);
        foreach (var tab in (Tab[])[ada, bob])
            Assert.DoesNotContain(
                tab.Console,
                static line => line.StartsWith("error", StringComparison.Ordinal) || line.StartsWith("page error", StringComparison.Ordinal)
            );

        await using var admin = await chromium.OpenAdminUiAsync(new Uri(cluster.Url, "/admin"));
        await AdminPages.SignInAsync(admin, "open sesame");
        await AdminPages.SignedInAsync(admin);
        await AdminPages.ShowAsync(admin, "servers");
        await Expect(AdminPages.Rows(admin, "Healthy")).ToHaveCountAsync(3, new() { Timeout = 30_000 });
        await AdminPages.ShowAsync(admin, "sockets");
        foreach (var tab in (Tab[])[ada, bob])
        {
            var id = await tab.Page.EvaluateAsync<string>("__socket.id");
            await Expect(AdminPages.Rows(admin, id)).ToHaveCountAsync(1, new() { Timeout = 30_000 });
        }

        Assert.Equal(0, await cluster.StopAsync());
    }

    [Fact]
    public async Task When_the_node_of_a_lobby_is_killed_everyone_is_back_in_it_on_the_others()
    {
        await using var cluster = await ClusterScript.StartAsync();
        await using var first = await EnterAsync(cluster, "First");
        await JoinAsync(first, "Welcome");
        var home = await HomeOfLobbiesAsync(cluster);
        await using var ada = await EnterAsync(cluster, "Ada", node => node == home);
        await using var bob = await EnterAsync(cluster, "Bob", node => node != home);
        await JoinAsync(ada, "Welcome");
        await JoinAsync(bob, "Welcome");
        await first.DisposeAsync();
        foreach (var tab in (Tab[])[ada, bob])
            await Expect(tab.Page.Locator("[data-lobby=Welcome]")).ToHaveAttributeAsync("data-heads", "2", PatientHeads);
        await using var poller = await Poller.OpenAsync(cluster.Url, cluster.UrlOf(home == 1 ? 2 : 1));
        await poller.EchoAsync("before");

        Assert.Equal(128 + 9, await cluster.EndAsync(home, "KILL"));

        // By long-polling, with no request on its way when the node died: not one of its requests fails, although one in three is sent to
        // the dead node first.
        for (var i = 0; i < 9; i++)
            await poller.EchoAsync("after " + i);
        await Expect(ada.Page.Locator("#status")).ToHaveAttributeAsync("data-state", "connected", PatientHeads);
        await Expect(ada.Page.Locator("#lobby[data-joined]")).ToBeVisibleAsync(new() { Timeout = 90_000 });
        foreach (var tab in (Tab[])[ada, bob])
            await Expect(tab.Page.Locator("[data-lobby=Welcome]")).ToHaveAttributeAsync("data-heads", "2", Healed);
        // The lobby starts on another node when the cluster is whole again; what is said to it before is lost.
        await SayUntilSaidAsync(ada, bob, "we are back");
        await SayAsync(bob, "so we are");
        await SaidAsync(ada, "so we are");
    }

    [Fact]
    public async Task When_the_node_of_a_lobby_is_stopped_the_lobby_moves_with_its_history()
    {
        await using var cluster = await ClusterScript.StartAsync();
        await using var first = await EnterAsync(cluster, "First");
        await JoinAsync(first, "Welcome");
        await SayAsync(first, "before the stop");
        await SaidAsync(first, "before the stop");
        var home = await HomeOfLobbiesAsync(cluster);
        await using var ada = await EnterAsync(cluster, "Ada", node => node == home);
        await JoinAsync(ada, "Welcome");

        Assert.Equal(0, await cluster.EndAsync(home, "TERM"));

        foreach (var tab in (Tab[])[first, ada])
        {
            await Expect(tab.Page.Locator("#status")).ToHaveAttributeAsync("data-state", "connected", PatientHeads);
            await Expect(tab.Page.Locator("#lobby[data-joined]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await Expect(tab.Page.Locator("[data-lobby=Welcome]")).ToHaveAttributeAsync("data-heads", "2", PatientHeads);
            await Expect(tab.Page.Locator("#messages")).ToContainTextAsync("before the stop", new() { Timeout = 30_000 });
        }
        await SayAsync(ada, "after the stop");
        await SaidAsync(first, "after the stop");
        await using var late = await EnterAsync(cluster, "Late");
        await JoinAsync(late, "Welcome");
        await Expect(late.Page.Locator("#messages li")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        await Expect(late.Page.Locator("#messages")).ToContainTextAsync("before the stop", new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task The_nginx_of_docker_compose_reads_its_files()
    {
        var folder = Directory.CreateTempSubdirectory("actorsocket-nginx-").FullName;
        try
        {
            foreach (var file in (string[])["nginx.conf", "listen.conf", "upstream.conf"])
            {
                // The name that its network has for the nodes is unknown here, and its port is not ours to take.
                var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "nginx", file));
                text = System.Text.RegularExpressions.Regex.Replace(
                    text,
                    @"\bnode:",
                    "127.0.0.1:",
                    System.Text.RegularExpressions.RegexOptions.None,
                    TimeSpan.FromSeconds(1)
                );
                await File.WriteAllTextAsync(
                    Path.Combine(folder, file),
                    text.Replace("listen 3000", $"listen 127.0.0.1:{Ports.Free()}", StringComparison.Ordinal)
                );
            }
            Directory.CreateDirectory(Path.Combine(folder, "local"));
            await File.WriteAllLinesAsync(
                Path.Combine(folder, "local", "paths.conf"),
                ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(kind => $"{kind}_temp_path {folder}/{kind};")
            );
            var (exitCode, output) = await Tool.RunAsync(
                await Prerequisites.NginxAsync(),
                ["-t", "-p", folder, "-c", Path.Combine(folder, "nginx.conf"), "-e", "stderr", "-g", $"pid {folder}/nginx.pid;"]
            );
            Assert.True(exitCode == 0, output);
            Assert.DoesNotContain("[warn]", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The node on which the only lobby that is open lives.</summary>
    private static async Task<int> HomeOfLobbiesAsync(ClusterScript cluster)
    {
        for (var node = 1; ; node++)
        {
            if (await cluster.MetricAsync(node, "actorsocket_server_active_entities", "actorsocket_entity=\"lobby\"") is 1)
                return node;
        }
    }

    private async Task<Tab> EnterAsync(ClusterScript cluster, string name, Func<int, bool>? isWanted = null)
    {
        var tab = await chromium.OpenAsync(cluster.Url);
        await tab.Page.FillAsync("#name", name);
        await tab.Page.ClickAsync("#login");
        await Expect(tab.Page.Locator("#app")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        // Round robin decides: go and come back until it is a node that is wanted.
        while (isWanted?.Invoke(await NodeOfAsync(cluster, tab)) == false)
            await tab.Page.EvaluateAsync(
                "() => new Promise(connected => { __socket.once('connect', connected); __socket.disconnect().connect(); })"
            );
        return tab;
    }

    private static async Task SayUntilSaidAsync(Tab from, Tab to, string text)
    {
        for (var attempt = 0; attempt < 30 && await to.Page.Locator("#messages li", new() { HasText = text }).CountAsync() == 0; attempt++)
        {
            await SayAsync(from, text);
            await to.Page.WaitForTimeoutAsync(1000); // one that is lost between nodes says so to nobody
        }
        await SaidAsync(to, text);
    }

    /// <summary>Where a tab's session lives.</summary>
    private static async Task<int> NodeOfAsync(ClusterScript cluster, Tab tab) =>
        await cluster.NodeOfAsync(await tab.Page.EvaluateAsync<string>("__socket.io.engine.id"));

    /// <summary>A client of the lobby by long-polling, one request after the other.</summary>
    private sealed class Poller(HttpClient http, Uri url) : IAsyncDisposable
    {
        private int _lastAck;

        /// <summary>Opens a session on a node, and talks to it by way of the load balancer.</summary>
        public static async Task<Poller> OpenAsync(Uri balancer, Uri node)
        {
            var http = new HttpClient();
            var open = await http.GetStringAsync(new Uri(node, "/socket.io/?EIO=4&transport=polling"));
            var sid = System.Text.Json.JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
            var poller = new Poller(http, new Uri(balancer, "/socket.io/?EIO=4&transport=polling&sid=" + sid));
            Assert.Equal("ok", await poller.SendAsync("40"));
            Assert.StartsWith("40{", await http.GetStringAsync(poller._url), StringComparison.Ordinal);
            return poller;
        }

        public async Task EchoAsync(string what)
        {
            Assert.Equal("ok", await SendAsync($"42{++_lastAck}[\"ping?\"]"));
            while (true)
            {
                var packets = (await http.GetStringAsync(_url)).Split('\u001e');
                if (packets.Contains("2"))
                    await SendAsync("3");
                if (packets.Contains($"43{_lastAck}[true]"))
                    return;
                Assert.True(
                    packets.All(static packet => packet is "2" || packet.StartsWith("42[", StringComparison.Ordinal)),
                    $"{what}: {string.Join('|', packets)}"
                );
            }
        }

        public async ValueTask DisposeAsync()
        {
            await SendAsync("1");
            http.Dispose();
        }

        private readonly Uri _url = url;

        private async Task<string> SendAsync(string packet)
        {
            using var answer = await http.PostAsync(_url, new StringContent(packet));
            return await answer.Content.ReadAsStringAsync();
        }
    }
}
