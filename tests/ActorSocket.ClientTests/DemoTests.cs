using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;
using static ActorSocket.ClientTests.Infrastructure.Lobby;

namespace ActorSocket.ClientTests;

/// <summary>The lobby of src/ActorSocket.Server, as visitors use it: a process of its own and pages in Chromium.</summary>
[Collection(ChromiumGroup.Name)]
public sealed class DemoTests(Chromium chromium)
{
    /// <summary>It ends when it is told to, however slow the machine is.</summary>
    private const string EndlessGame = "--Game:PointsToWin=1000";

    private static readonly LocatorAssertionsToHaveTextOptions Patient = new() { Timeout = 20_000 };

    // The smallest PNG there is: one pixel.
    private static readonly byte[] Picture = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    );

    [Fact]
    public async Task Two_visitors_meet_in_a_lobby_and_chat()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada");
        await using var bob = await EnterAsync(demo, "Bob");
        await ada.Page.FillAsync("#create-name", "Chess");
        await ada.Page.ClickAsync("#create-lobby");
        await Expect(ada.Page.Locator("#lobby-name")).ToHaveTextAsync("Chess", Patient);
        await SayAsync(ada, "before Bob came");
        await JoinAsync(bob, "Chess");

        await Expect(bob.Page.Locator("#messages")).ToContainTextAsync("before Bob came", new() { Timeout = 20_000 });
        foreach (var tab in (Tab[])[ada, bob])
        {
            await Expect(tab.Page.Locator("[data-lobby=Chess]")).ToHaveAttributeAsync("data-heads", "2", new() { Timeout = 20_000 });
            await Expect(tab.Page.Locator("#transport")).ToHaveTextAsync("websocket", Patient);
        }

        await bob.Page.Locator("#message").PressSequentiallyAsync("hi Ada");
        await Expect(ada.Page.Locator("#typing")).ToHaveTextAsync("Bob is typing…", Patient);
        await bob.Page.ClickAsync("#send");
        await SaidAsync(ada, "hi Ada");
        await SayAsync(ada, "hi Bob");
        await SaidAsync(bob, "hi Bob");
        NoComplaints(ada, bob);
    }

    [Fact]
    public async Task A_picture_goes_both_ways()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");

        await SendPictureAsync(ada);
        await SeesPictureAsync(bob, "Ada");
        await SendPictureAsync(bob);
        await SeesPictureAsync(ada, "Bob");
        NoComplaints(ada, bob);
    }

    [Fact]
    public async Task A_private_message_reaches_every_device_of_its_user_and_is_marked_delivered()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        await using var bobsPhone = await EnterAsync(demo, "Bob", "Welcome");
        await Expect(ada.Page.Locator("#members li")).ToHaveTextAsync(["Ada (you)", "Bob"], new() { Timeout = 20_000 });
        await Expect(ada.Page.Locator("[data-lobby=Welcome]")).ToHaveAttributeAsync("data-heads", "2", new() { Timeout = 20_000 });

        ada.Page.Dialog += (_, dialog) => _ = dialog.AcceptAsync("a secret");
        await ada.Page.ClickAsync("#members button");

        await Expect(ada.Page.Locator("#messages .whisper time")).ToHaveTextAsync("delivered", Patient);
        await Expect(bob.Page.Locator("#messages .whisper")).ToHaveTextAsync("Ada whispers: a secret", Patient);
        await Expect(bobsPhone.Page.Locator("#messages .whisper")).ToHaveTextAsync("Ada whispers: a secret", Patient);
        NoComplaints(ada, bob, bobsPhone);
    }

    [Fact]
    public async Task Who_takes_another_name_no_longer_gets_what_is_whispered_to_the_former()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada");
        await using var eve = await EnterAsync(demo, "Bob");

        await AskAsync(eve, "login", "Eve");

        Assert.Equal("Nobody of that name is here.", await ErrorAsync(ada, "whisper", "Bob", "a secret"));
        NoComplaints(ada, eve);
    }

    [Fact]
    public async Task A_visitor_floods_nobody_with_pictures_and_questions()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");

        var pictures = await AskAllAsync(ada, 2, "picture", "image/png", "new Uint8Array([1])");
        Assert.Equal(new string?[] { null, "One picture a second, please." }, pictures);
        // Each waits for an answer of hers; the first that has one is the fifth, which is refused.
        var first = await ada.Page.EvaluateAsync<string?>(
            "() => Promise.race(Array.from({ length: 5 }, () => __socket.emitWithAck('ready-check').then((answer) => answer.error?.message)))"
        );
        Assert.Equal("One after the other, please.", first);
        NoComplaints(ada);
    }

    [Theory]
    [InlineData("#ready-yes", "All are ready: the game starts!")]
    [InlineData("#ready-no", "Not everyone is ready.")]
    public async Task The_game_starts_when_all_are_ready(string answer, string outcome)
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");

        await ada.Page.ClickAsync("#ready");
        await ada.Page.ClickAsync("#ready-yes");
        await bob.Page.ClickAsync(answer);

        await Expect(ada.Page.Locator("#messages .news")).ToHaveTextAsync(outcome, Patient);
        await Expect(bob.Page.Locator("#messages .news")).ToHaveTextAsync(outcome, Patient);
        NoComplaints(ada, bob);
    }

    [Fact]
    public async Task Everyone_sees_the_others_pointers_move()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        var mark = await PointAsync(ada, bob);

        await Expect(mark).ToHaveTextAsync("Ada", Patient);
        await ada.DisposeAsync();
        await Expect(mark).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        NoComplaints(bob);
    }

    [Fact]
    public async Task When_the_server_is_killed_and_comes_back_everyone_is_where_they_were()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        await Expect(ada.Page.Locator("#transport")).ToHaveTextAsync("websocket", Patient);
        await SayAsync(ada, "before the crash");
        await SaidAsync(bob, "before the crash");
        await demo.StoredAsync("before the crash");

        await demo.KillAsync();
        await Expect(ada.Page.Locator("#status")).ToHaveAttributeAsync("data-state", "reconnecting", new() { Timeout = 20_000 });
        await Expect(bob.Page.Locator("#status")).ToHaveAttributeAsync("data-state", "reconnecting", new() { Timeout = 20_000 });
        await demo.StartAsync();

        foreach (var tab in (Tab[])[ada, bob])
        {
            await Expect(tab.Page.Locator("#status")).ToHaveAttributeAsync("data-state", "connected", new() { Timeout = 40_000 });
            await Expect(tab.Page.Locator("#lobby[data-joined]")).ToBeVisibleAsync(new() { Timeout = 20_000 });
            await Expect(tab.Page.Locator("[data-lobby=Welcome]")).ToHaveAttributeAsync("data-heads", "2", new() { Timeout = 40_000 });
        }
        await SayAsync(ada, "we are back");
        await SaidAsync(bob, "we are back");
        await SayAsync(bob, "so we are");
        await SaidAsync(ada, "so we are");
        await using var carl = await EnterAsync(demo, "Carl", "Welcome");
        await Expect(carl.Page.Locator("#messages")).ToContainTextAsync("before the crash", new() { Timeout = 20_000 });
    }

    [Fact]
    public async Task When_the_server_is_stopped_and_started_again_a_lobby_is_there_with_what_was_said()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada");
        await ada.Page.FillAsync("#create-name", "Chess");
        await ada.Page.ClickAsync("#create-lobby");
        await Expect(ada.Page.Locator("#lobby-name")).ToHaveTextAsync("Chess", Patient);
        await SayAsync(ada, "before the stop");
        await SaidAsync(ada, "before the stop");

        Assert.Equal(0, await demo.StopAsync());
        await Expect(ada.Page.Locator("#lobby[data-joined]")).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await ada.DisposeAsync(); // nobody brings it back
        await demo.StartAsync();

        await using var bob = await EnterAsync(demo, "Bob", "Chess");
        await Expect(bob.Page.Locator("#messages")).ToContainTextAsync("before the stop", new() { Timeout = 20_000 });
    }

    [Fact]
    public async Task Two_are_matched_and_play_a_third_watches_and_a_reload_goes_on()
    {
        await using var demo = await DemoServer.StartNewAsync(EndlessGame);
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        await using var carl = await EnterAsync(demo, "Carl", "Welcome");
        await PlayAsync(ada, bob);
        await carl.Page.ClickAsync("#games button");
        foreach (var tab in (Tab[])[ada, bob, carl])
        {
            await InPhaseAsync(tab, "Playing");
            await Expect(tab.Page.Locator("#left-name")).ToHaveTextAsync("Ada", Patient);
            await Expect(tab.Page.Locator("#right-name")).ToHaveTextAsync("Bob", Patient);
            await FramesAsync(tab);
        }

        // The mouse, and the keys: all see it.
        await PointAtAsync(ada, 0.05f);
        await bob.Page.Keyboard.DownAsync("ArrowDown");
        foreach (var tab in (Tab[])[ada, bob, carl])
            await tab.Page.WaitForFunctionAsync("() => __pong.frame[4] < 20 && __pong.frame[5] > 80");
        await bob.Page.Keyboard.UpAsync("ArrowDown");

        await bob.Page.SetViewportSizeAsync(360, 740);
        var court = (await bob.Page.Locator("#court").BoundingBoxAsync())!;
        Assert.True(court is { X: >= 0, Width: > 200 } && court.X + court.Width <= 360, $"{court.X}, {court.Width} on a phone of 360");
        await bob.Page.ReloadAsync();
        await InPhaseAsync(bob, "Playing");
        await Expect(bob.Page.Locator("#game")).ToHaveAttributeAsync("data-side", "1", new() { Timeout = 20_000 });
        await InPhaseAsync(ada, "Playing");
        await carl.Page.ReloadAsync();
        await InPhaseAsync(carl, "Playing");
        await PointAtAsync(bob, 0.05f);
        await carl.Page.WaitForFunctionAsync("() => __pong.frame?.[5] < 20");

        await bob.Page.ClickAsync("#leave-game");
        foreach (var tab in (Tab[])[ada, carl])
        {
            await InPhaseAsync(tab, "Over");
            await Expect(tab.Page.Locator("#game-state")).ToHaveTextAsync("Ada wins!", Patient);
        }
        await Expect(carl.Page.Locator("#games button")).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await ada.Page.ClickAsync("#leave-game");
        await Expect(ada.Page.Locator("#game")).ToBeHiddenAsync(new() { Timeout = 20_000 });
        NoComplaints(ada, bob, carl);
    }

    [Fact]
    public async Task When_the_server_is_killed_and_comes_back_the_game_goes_on_with_its_score()
    {
        await using var demo = await DemoServer.StartNewAsync(EndlessGame);
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        await using var carl = await EnterAsync(demo, "Carl", "Welcome");
        await PlayAsync(ada, bob);
        await carl.Page.ClickAsync("#games button");
        foreach (var tab in (Tab[])[ada, bob])
            await PointAtAsync(tab, 0); // out of the ball's way, sooner or later
        await ada.Page.WaitForFunctionAsync(
            "() => document.getElementById('game').dataset.score !== '0:0'", null, new() { Timeout = 60_000 });
        var score = await ScoreAsync(ada);
        await demo.StoredAsync($"\"score\":{score.Max()}");

        await demo.KillAsync();
        foreach (var tab in (Tab[])[ada, bob, carl])
            await Expect(tab.Page.Locator("#game-state")).ToHaveTextAsync("Reconnecting…", Patient);
        await demo.StartAsync();

        foreach (var tab in (Tab[])[ada, bob, carl])
        {
            await InPhaseAsync(tab, "Playing");
            await FramesAsync(tab);
        }
        var after = await ScoreAsync(carl);
        Assert.True(after[0] >= score[0] && after[1] >= score[1], $"{score[0]}:{score[1]} has become {after[0]}:{after[1]}");
    }

    private static async Task<int[]> ScoreAsync(Tab tab) =>
        Array.ConvertAll((await tab.Page.GetAttributeAsync("#game", "data-score"))!.Split(':'), int.Parse);

    [Fact]
    public async Task A_phone_shows_all_of_it_without_scrolling_sideways()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");

        await ada.Page.SetViewportSizeAsync(360, 740);

        var width = await ada.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(width <= 360, $"The page is {width} pixels wide on a phone of 360.");
        foreach (var control in (string[])["#message", "#send", "#ready", "#create-lobby", "#canvas"])
        {
            var box = await ada.Page.Locator(control).BoundingBoxAsync();
            Assert.True(box is { X: >= 0, Width: > 0 } && box.X + box.Width <= 360, $"{control} lies outside of the page.");
        }
    }

    /// <summary>
    /// The README's picture. Taken anew, and written into the repository, by
    /// <c>PICTURE=write dotnet test tests/ActorSocket.ClientTests --filter The_picture_in_the_README</c>.
    /// </summary>
    [Fact]
    public async Task The_picture_in_the_README_is_of_this_page()
    {
        var path = Path.Combine(Repository.Root, "docs", "images", "demo.png");
        await using var demo = await DemoServer.StartNewAsync(EndlessGame);
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await using var bob = await EnterAsync(demo, "Bob", "Welcome");
        await ada.Page.SetViewportSizeAsync(1120, 960);
        await ada.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await Expect(ada.Page.Locator("#transport")).ToHaveTextAsync("websocket", Patient);
        await SayAsync(ada, "Which node are you on?");
        await SaidAsync(bob, "Which node are you on?");
        await SayAsync(bob, "No idea. It does not matter.");
        await SaidAsync(ada, "It does not matter.");
        await bob.Page.SetInputFilesAsync("#picture", await DrawingAsync(bob));
        await SeesPictureAsync(ada, "Bob", width: 240);
        await Expect(await PointAsync(bob, ada)).ToHaveTextAsync("Bob", Patient);
        await PlayAsync(ada, bob);
        await PointAtAsync(bob, 0.3f);
        await PointAtAsync(ada, 0.6f);
        await ada.Page.WaitForFunctionAsync("() => __pong.frame[0] > 90"); // the ball is on its way
        await ada.Page.EvaluateAsync("() => window.scrollTo(0, 0)");
        var picture = await ada.Page.ScreenshotAsync();

        if (Environment.GetEnvironmentVariable("PICTURE") == "write")
            await File.WriteAllBytesAsync(path, picture);
        Assert.True(picture.Length < 200_000, $"The picture has {picture.Length} bytes.");
        // Fonts differ between machines, so the pixels do: what must agree is its size, which stands in the first chunk.
        Assert.Equal(picture[16..24], (await File.ReadAllBytesAsync(path))[16..24]);
        NoComplaints(ada, bob);
    }

    [Fact]
    public async Task The_Admin_UI_shows_visitors_to_who_has_the_password()
    {
        await using var demo = await DemoServer.StartNewAsync("--Admin:Token=open sesame");
        await using var visitor = await EnterAsync(demo, "Ada", "Welcome");
        await using var admin = await chromium.OpenAdminUiAsync(new Uri(demo.Url, "/admin"));

        await AdminPages.SignInAsync(admin, "wrong");
        await Expect(AdminPages.Form(admin)).ToContainTextAsync("Invalid credentials", new() { Timeout = 20_000 });
        await AdminPages.SignInAsync(admin, "open sesame");
        await AdminPages.SignedInAsync(admin);

        await AdminPages.ShowAsync(admin, "sockets");
        var id = await visitor.Page.EvaluateAsync<string>("__socket.id");
        await Expect(AdminPages.Rows(admin, id)).ToHaveCountAsync(1, new() { Timeout = 20_000 });
        NoComplaints(visitor); // the admin's browser complains when the refused connection is closed while it upgrades
    }

    [Fact]
    public async Task Health_and_metrics_tell_what_goes_on()
    {
        await using var demo = await DemoServer.StartNewAsync();
        await using var ada = await EnterAsync(demo, "Ada", "Welcome");
        await Expect(ada.Page.Locator("#transport")).ToHaveTextAsync("websocket", Patient);
        using var http = new HttpClient { BaseAddress = demo.Url };

        Assert.Equal("Healthy", await http.GetStringAsync("/health/live"));
        Assert.Equal("Healthy", await http.GetStringAsync("/health/ready"));
        var metrics = (await http.GetStringAsync("/metrics")).Split('\n');

        Assert.Equal("1", Value("actorsocket_server_active_sessions", ""));
        Assert.Equal("1", Value("actorsocket_server_active_sockets", "actorsocket_namespace=\"/\""));
        Assert.Equal("2", Value("actorsocket_server_active_rooms", "actorsocket_namespace=\"/\"")); // the lobby's and the user's
        Assert.Equal("1", Value("actorsocket_server_upgrades_total", "actorsocket_outcome=\"completed\""));
        foreach (var transport in (string[])["polling", "websocket"])
        {
            foreach (var counter in (string[])["received_packets", "received_bytes", "sent_packets", "sent_bytes"])
                Assert.NotEqual("0", Value($"actorsocket_server_{counter}_total", $"actorsocket_transport=\"{transport}\""));
        }
        Assert.NotEqual("0", Value("actorsocket_server_received_events_total", "actorsocket_namespace=\"/\""));
        Assert.NotEqual("0", Value("actorsocket_server_sent_event_bytes_total", "actorsocket_namespace=\"/\""));
        Assert.NotEqual("0", Value("actorsocket_server_handler_duration_seconds_count", "actorsocket_namespace=\"/\""));

        string Value(string name, string tag)
        {
            var line = Array.Find(
                metrics,
                line =>
                    line.StartsWith(name, StringComparison.Ordinal)
                    && line[name.Length] is '{' or ' '
                    && line.Contains(tag, StringComparison.Ordinal)
            );
            Assert.True(
                line is not null,
                $"/metrics has no {name} with {tag}:\n"
                + $"{string.Join('\n', metrics.Where(static line => line.StartsWith("actorsocket", StringComparison.Ordinal)))}"
            );
            return line.Split("} ")[^1].Split(' ')[0];
        }
    }

    /// <summary>The first is on the left.</summary>
    private static async Task PlayAsync(Tab one, Tab other)
    {
        await one.Page.ClickAsync("#play");
        await Expect(one.Page.Locator("#play")).ToHaveAttributeAsync("data-queued", "true", new() { Timeout = 20_000 });
        await other.Page.ClickAsync("#play");
        await InPhaseAsync(one, "Playing");
        await InPhaseAsync(other, "Playing");
    }

    private static Task InPhaseAsync(Tab tab, string phase) =>
        Expect(tab.Page.Locator("#game")).ToHaveAttributeAsync("data-phase", phase, new() { Timeout = 40_000 });

    /// <summary>Ten more have come.</summary>
    private static async Task FramesAsync(Tab tab)
    {
        var seen = await tab.Page.EvaluateAsync<int>("__pong.frames");
        await tab.Page.WaitForFunctionAsync("(seen) => __pong.frames >= seen + 10", seen, new() { Timeout = 40_000 });
    }

    /// <summary>From 0, the court's top, to 1.</summary>
    private static async Task PointAtAsync(Tab tab, float height)
    {
        await tab.Page.Locator("#court").ScrollIntoViewIfNeededAsync();
        var court = (await tab.Page.Locator("#court").BoundingBoxAsync())!;
        await tab.Page.Mouse.MoveAsync(court.X + (court.Width / 2), court.Y + 2 + (height * (court.Height - 4)));
    }

    private async Task<Tab> EnterAsync(DemoServer demo, string name, string? lobby = null)
    {
        var tab = await chromium.OpenAsync(demo.Url);
        await tab.Page.FillAsync("#name", name);
        await tab.Page.ClickAsync("#login");
        await Expect(tab.Page.Locator("#app")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        if (lobby is not null)
            await JoinAsync(tab, lobby);
        return tab;
    }

    /// <summary>Past the page: what a client may send that is none of ours.</summary>
    private static Task<JsonElement> AskAsync(Tab tab, string name, params string[] args) =>
        tab.Page.EvaluateAsync<JsonElement>(
            "([name, args]) => __socket.timeout(20000).emitWithAck(name, ...args)",
            new object[] { name, args }
        );

    private static async Task<string?> ErrorAsync(Tab tab, string name, params string[] args) =>
        (await AskAsync(tab, name, args)).GetProperty("error").GetProperty("message").GetString();

    /// <summary>Several at once, and the error of each, in their order.</summary>
    private static async Task<string?[]> AskAllAsync(Tab tab, int times, string name, params string[] args) =>
        await tab.Page.EvaluateAsync<string?[]>(
            """
            ([times, name, args]) => Promise.all(Array.from({ length: times }, () => {
              const values = args.map((value) => value.startsWith("new ") ? eval(value) : value);
              return __socket.timeout(20000).emitWithAck(name, ...values).then((answer) => answer.error?.message ?? null);
            }))
            """,
            new object[] { times, name, args }
        );

    /// <summary>Volatile: one may be dropped, a hand that goes on moving is seen.</summary>
    private static async Task<ILocator> PointAsync(Tab who, Tab watcher)
    {
        var canvas = await who.Page.Locator("#canvas").BoundingBoxAsync();
        var mark = watcher.Page.Locator("#canvas span");
        for (var i = 0; i < 200 && await mark.CountAsync() == 0; i++)
            await who.Page.Mouse.MoveAsync(canvas!.X + (canvas.Width / 2) + (i % 20), canvas.Y + (canvas.Height / 2));
        return mark;
    }

    private static Task SendPictureAsync(Tab tab) =>
        tab.Page.SetInputFilesAsync("#picture", new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Picture });

    /// <summary>A PNG of 240 by 80 pixels, drawn by the page: the sun goes down over the sea.</summary>
    private static async Task<FilePayload> DrawingAsync(Tab tab)
    {
        var url = await tab.Page.EvaluateAsync<string>(
            """
            () => {
              const canvas = Object.assign(document.createElement("canvas"), { width: 240, height: 80 });
              const pen = canvas.getContext("2d");
              const sky = pen.createLinearGradient(0, 0, 0, 60);
              sky.addColorStop(0, "#4b4e8c");
              sky.addColorStop(1, "#f2a65a");
              for (const [style, draw] of [
                [sky, () => pen.fillRect(0, 0, 240, 80)],
                ["#ffd65a", () => { pen.beginPath(); pen.arc(170, 58, 18, 0, 7); pen.fill(); }],
                ["#283c64", () => pen.fillRect(0, 60, 240, 20)],
              ]) {
                pen.fillStyle = style;
                draw();
              }
              return canvas.toDataURL("image/png");
            }
            """
        );
        return new FilePayload { Name = "sunset.png", MimeType = "image/png", Buffer = Convert.FromBase64String(url.Split(',')[1]) };
    }

    private static async Task SeesPictureAsync(Tab tab, string from, int width = 1)
    {
        await tab.Page.Locator($"img[alt='Picture from {from}']").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await tab.Page.WaitForFunctionAsync(
            $$"""() => document.querySelector("img[alt='Picture from {{from}}']").naturalWidth === {{width}}"""
        );
    }

    private static void NoComplaints(params Tab[] tabs)
    {
        foreach (var tab in tabs)
            Assert.DoesNotContain(
                tab.Console,
                static line => line.StartsWith("error", StringComparison.Ordinal) || line.StartsWith("page error", StringComparison.Ordinal)
            );
    }
}
