using ActorSocket.ClientTests.Infrastructure;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static ActorSocket.ClientTests.Infrastructure.AdminPages;
using static Microsoft.Playwright.Assertions;

namespace ActorSocket.ClientTests;

/// <summary>The official Admin UI itself, as the server serves it, in Chromium; a second page is the client that it looks at.</summary>
[Collection(ChromiumGroup.Name)]
public sealed class AdminUiBrowserTests(Chromium chromium, ITestOutputHelper output)
{
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 20_000 };
    private static readonly LocatorAssertionsToBeVisibleOptions Visible = new() { Timeout = 20_000 };
    private static readonly LocatorAssertionsToHaveCountOptions Counted = new() { Timeout = 20_000 };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Every_view_shows_its_part_and_every_action_is_done(int count)
    {
        await using var nodes = await WatchedNodes.StartAsync(output, count);
        await using var client = await ClientAsync(nodes.Urls[^1]);
        await using var admin = await OpenAsync(nodes, signIn: true);

        await DashboardAndServersAsync(admin, count);
        await SocketAsync(admin, client);
        await RoomsAsync(admin, client);
        await EventsAsync(admin, client);
        await ClientsAsync(admin, client);
        Assert.DoesNotContain(admin.Console, static line => line.StartsWith("page error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_has_signed_in_is_let_in_again_and_who_cannot_is_told_so()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 1);
        await using var admin = await OpenAsync(nodes);
        await Expect(Form(admin)).ToContainTextAsync("sign in", Patient);
        await SignInAsync(admin, "wrong");
        await Expect(Form(admin)).ToContainTextAsync("Invalid credentials", Patient);
        await SignInAsync(admin, "changeit");
        await SignedInAsync(admin);
        await admin.Page.WaitForFunctionAsync("(localStorage.getItem('session_id') ?? '').length === 32");

        await admin.Page.ReloadAsync();

        await Expect(admin.Page.Locator(".v-navigation-drawer a[href='#/events']")).ToBeVisibleAsync(Visible);
        await Expect(Form(admin)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task In_production_there_are_numbers_only()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 1, static options => options.Mode = AdminUiMode.Production);
        await using var admin = await OpenAsync(nodes, signIn: true);
        await Expect(Card(admin, "Namespaces")).ToContainTextAsync("/admin", Patient);
        await Expect(admin.Page.Locator(".v-navigation-drawer a[href='#/servers']")).ToBeVisibleAsync(Visible);
        await Expect(admin.Page.Locator(".v-navigation-drawer a[href='#/sockets']")).ToHaveCountAsync(0, Counted);
    }

    [Fact]
    public async Task All_that_the_page_needs_comes_from_the_server()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 1);
        var own = nodes.Urls[0].GetLeftPart(UriPartial.Authority);
        await using var admin = await OpenAsync(nodes);
        var elsewhere = new List<string>();
        admin.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(own, StringComparison.Ordinal))
                elsewhere.Add(request.Url);
        };
        await admin.Page.ReloadAsync();
        await Expect(Form(admin)).ToBeVisibleAsync(Visible);

        Assert.Empty(elsewhere);
        Assert.True(await admin.Page.EvaluateAsync<bool>(
            "document.fonts.load('24px \"Material Design Icons\"').then((fonts) => fonts.length > 0)"));
        Assert.Equal(own, await Form(admin).Locator("input").First.InputValueAsync());
        using var http = new HttpClient { BaseAddress = nodes.Urls[0] };
        Assert.Contains("MIT", await http.GetStringAsync("/admin-ui/LICENSE.txt"), StringComparison.Ordinal);
        Assert.Equal(404, (int)(await http.GetAsync("/admin-ui/none.js")).StatusCode);
    }

    private static async Task DashboardAndServersAsync(Tab admin, int count)
    {
        await Expect(Card(admin, "Namespaces")).ToContainTextAsync("/game", Patient);
        await ShowAsync(admin, "servers");
        await Expect(Rows(admin)).ToHaveCountAsync(count, Counted);
        await Expect(Rows(admin, "Healthy")).ToHaveCountAsync(count, Counted);
    }

    /// <summary>A socket: its details; it joins a room and leaves it.</summary>
    private static async Task SocketAsync(Tab admin, Tab client)
    {
        await ShowAsync(admin, "sockets");
        await admin.Page.Locator(".v-main .v-select").First.ClickAsync();
        await admin.Page.Locator(".menuable__content__active .v-list-item", new() { HasText = "/game" }).ClickAsync();
        await Rows(admin, await IdAsync(client)).ClickAsync();
        await Expect(Card(admin, "Initial HTTP request")).ToContainTextAsync("user-agent", Patient);
        await Expect(Card(admin, "Creation date").Locator("pre")).ToContainTextAsync("\"name\": \"Ada\"", Patient);
        var rooms = Card(admin, "Join a room");
        await Expect(rooms.Locator("tbody")).ToContainTextAsync("blue", Patient);
        await rooms.GetByLabel("Join a room").FillAsync("red");
        await rooms.Locator("button[type=submit]").ClickAsync();
        await Expect(rooms.Locator("tbody")).ToContainTextAsync("red", Patient);
        Assert.Contains("red", await InAsync(client), StringComparison.Ordinal);
        await rooms.Locator("tbody tr", new() { HasText = "red" }).Locator("button").ClickAsync();
        await Expect(rooms.Locator("tbody tr", new() { HasText = "red" })).ToHaveCountAsync(0, Counted);
        Assert.DoesNotContain("red", await InAsync(client), StringComparison.Ordinal);
    }

    /// <summary>A room: who is in it; it is emptied, and those in another are disconnected.</summary>
    private static async Task RoomsAsync(Tab admin, Tab client)
    {
        await ShowAsync(admin, "rooms");
        await Rows(admin, "blue").ClickAsync();
        await Expect(Rows(admin, await IdAsync(client))).ToHaveCountAsync(1, Counted);
        await ShowAsync(admin, "rooms");
        await Rows(admin, "blue").Locator("button").First.ClickAsync(); // and the row, which shows the room
        await Expect(Card(admin, "Details")).ToContainTextAsync("Deleted", Patient);
        await ShowAsync(admin, "rooms");
        await Expect(Rows(admin, "blue")).ToHaveCountAsync(0, Counted);
        Assert.DoesNotContain("blue", await InAsync(client), StringComparison.Ordinal);
        await client.Page.EvaluateAsync("socket.emitWithAck('join', 'green')");
        await Rows(admin, "green").Locator("button").Last.ClickAsync();
        await client.Page.WaitForFunctionAsync("!socket.connected");
        await ShowAsync(admin, "rooms");
        await Expect(Rows(admin, "green")).ToHaveCountAsync(0, Counted);
        await ConnectAsync(client);
    }

    /// <summary>Events, with their arguments.</summary>
    private static async Task EventsAsync(Tab admin, Tab client)
    {
        await client.Page.EvaluateAsync("socket.emitWithAck('echo', { chess: 'e4' })");
        await ShowAsync(admin, "events");
        foreach (var kind in (string[])["Connection", "Disconnection", "Room joined", "Room left", "Event sent"])
            await Expect(Rows(admin, kind).First).ToBeVisibleAsync(Visible);
        await Rows(admin, "Event name: echo").Filter(new() { HasText = "Event received" }).First.Locator("button").ClickAsync();
        await Expect(admin.Page.Locator(".v-main tbody pre")).ToContainTextAsync("\"chess\": \"e4\"", Patient);
    }

    /// <summary>A client: its sockets; it is disconnected, once from its namespace and once altogether.</summary>
    private static async Task ClientsAsync(Tab admin, Tab client)
    {
        await ShowAsync(admin, "clients");
        await Expect(Rows(admin)).ToHaveCountAsync(2, Counted); // and the administrator
        await ShowAsync(admin, "sockets");
        var id = await IdAsync(client);
        await Rows(admin, id).ClickAsync();
        await admin.Page.Locator(".v-main tbody a[href^='#/clients/']").ClickAsync();
        await Expect(Rows(admin, id)).ToHaveCountAsync(1, Counted);
        await Rows(admin, id).Locator("button").ClickAsync();
        await client.Page.WaitForFunctionAsync("!socket.connected");

        await ConnectAsync(client);
        await ShowAsync(admin, "sockets");
        await Rows(admin, await IdAsync(client)).ClickAsync();
        await admin.Page.Locator(".v-main tbody a[href^='#/clients/']").ClickAsync();
        await Card(admin, "Details").Locator("button").First.ClickAsync();
        await client.Page.WaitForFunctionAsync("!socket.connected");
        await ShowAsync(admin, "clients");
        await Expect(Rows(admin)).ToHaveCountAsync(1, Counted);
    }

    private async Task<Tab> OpenAsync(WatchedNodes nodes, bool signIn = false)
    {
        var tab = await chromium.OpenAdminUiAsync(new Uri(nodes.Urls[0], "/admin-ui"));
        if (!signIn)
            return tab;
        await SignInAsync(tab, "changeit");
        await SignedInAsync(tab);
        return tab;
    }

    /// <summary>A page of the client, connected to a node: its socket is in a room, and has data.</summary>
    private async Task<Tab> ClientAsync(Uri url)
    {
        var tab = await chromium.OpenAsync(new Uri(url, "/socket.io/socket.io.js"));
        await tab.Page.AddScriptTagAsync(new() { Url = "/socket.io/socket.io.js" });
        await tab.Page.EvaluateAsync(
            "() => { window.socket = io('/game', { transports: ['websocket'], reconnection: false, autoConnect: false }); }");
        await ConnectAsync(tab);
        await tab.Page.EvaluateAsync("socket.emitWithAck('join', 'blue').then(() => socket.emitWithAck('set', 'name', 'Ada'))");
        return tab;
    }

    private static async Task ConnectAsync(Tab client)
    {
        await client.Page.EvaluateAsync("() => { socket.connect(); }");
        await client.Page.WaitForFunctionAsync("socket.connected");
    }

    private static Task<string> IdAsync(Tab client) => client.Page.EvaluateAsync<string>("socket.id");

    private static Task<string> InAsync(Tab client) =>
        client.Page.EvaluateAsync<string>("socket.emitWithAck('rooms').then((rooms) => rooms.join())");
}
