using Microsoft.Playwright;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>One Chromium for all tests that need a browser; each test has its own profile.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Flags =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        var path = await Prerequisites.ChromiumAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Flags });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A page of a browser that has never been here before.</summary>
    internal async Task<Tab> OpenAsync(Uri url)
    {
        var context = await _browser!.NewContextAsync();
        context.SetDefaultTimeout(20_000);
        var tab = new Tab(context, await context.NewPageAsync());
        await tab.Page.GotoAsync(url.ToString());
        return tab;
    }
}
