using ActorSocket.ClientTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ActorSocket.ClientTests;

/// <summary>The demo on three nodes behind nginx, as config/run-cluster.sh runs it: round robin, no sticky sessions.</summary>
[Collection(ChromiumGroup.Name)]
public sealed class ClusterDemoTests(Chromium chromium)
{
    private static readonly LocatorAssertionsToHaveTextOptions Patient = new() { Timeout = 30_000 };
    private static readonly LocatorAssertionsToHaveAttributeOptions PatientHeads = new() { Timeout = 30_000 };

    // The smallest PNG there is: one pixel.
    private static readonly byte[] Picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    [Fact]
    public async Task Visitors_on_different_nodes_are_in_one_lobby()
    {
        await using var cluster = await ClusterScript.StartAsync();
        await using var ada = await EnterAsync(cluster, "Ada");
        await ada.Page.FillAsync("#create-name", "Chess");
        await ada.Page.ClickAsync("#create-lobby");
        await Expect(ada.Page.Locator("#lobby-name")).ToHaveTextAsync("Chess", Patient);
        await SayAsync(ada, "before Bob came");
        await using var bob = await EnterAsync(cluster, "Bob", elsewhereThan: await NodeOfAsync(cluster, ada));
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
            Assert.DoesNotContain(tab.Console, static line => line.StartsWith("error", StringComparison.Ordinal) || line.StartsWith("page error", StringComparison.Ordinal));

        Assert.Equal(0, await cluster.StopAsync());
    }

    private async Task<Tab> EnterAsync(ClusterScript cluster, string name, string? lobby = null, int? elsewhereThan = null)
    {
        var tab = await chromium.OpenAsync(cluster.Url);
        await tab.Page.FillAsync("#name", name);
        await tab.Page.ClickAsync("#login");
        await Expect(tab.Page.Locator("#app")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        // Round robin decides: go and come back until it is another node.
        while (await NodeOfAsync(cluster, tab) == elsewhereThan)
            await tab.Page.EvaluateAsync("() => new Promise(connected => { __socket.once('connect', connected); __socket.disconnect().connect(); })");
        if (lobby is not null)
            await JoinAsync(tab, lobby);
        return tab;
    }

    /// <summary>Where a tab's session lives.</summary>
    private static async Task<int> NodeOfAsync(ClusterScript cluster, Tab tab) => await cluster.NodeOfAsync(await tab.Page.EvaluateAsync<string>("__socket.io.engine.id"));

    private static async Task JoinAsync(Tab tab, string lobby)
    {
        await tab.Page.ClickAsync($"[data-lobby={lobby}] button");
        await Expect(tab.Page.Locator("#lobby-name")).ToHaveTextAsync(lobby, Patient);
    }

    private static async Task SayAsync(Tab tab, string text)
    {
        await tab.Page.FillAsync("#message", text);
        await tab.Page.ClickAsync("#send");
    }

    private static Task SaidAsync(Tab tab, string text) => Expect(tab.Page.Locator("#messages li").Last).ToContainTextAsync(text, new() { Timeout = 30_000 });
}
