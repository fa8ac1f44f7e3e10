"""English threads of the demo: a bicycle shop, its customers, and what they write. Invented from first to last."""

# ruff: noqa: E501  A text is one line, however long.
from __future__ import annotations

from helpdesk.examples.demo.thread import Thread

GREETINGS = ("Hello,", "Good morning,", "Hi there,", "Dear team,", "Good evening,")
CLOSINGS = ("Best regards", "Many thanks!", "Kind regards", "Thank you!", "Cheers")
ANSWER_GREETING = "Hello,"
ANSWER_CLOSING = "Kind regards"

THREADS: tuple[Thread, ...] = (
    Thread("orders", "Where is my order {order}?", (
        "I ordered a {product} nine days ago and the order page still says “being prepared”. Could you tell me when it will leave?",
        "Your {product} was waiting for a last part, which came in this morning. The parcel leaves tomorrow and you will get the tracking number by e-mail.",
        "Wonderful, the tracking number has just arrived. Could you also confirm that somebody has to sign for it?",
        "Yes, the carrier asks for a signature. If nobody is at home, the parcel waits for ten days at the nearest pick-up point.",
    )),
    Thread("orders", "Wrong colour chosen in order {order}", (
        "I clicked on the blue {product} and only noticed afterwards that I wanted the green one. Is it too late to change?",
        "You wrote just in time: the order had not been packed yet. I have put the green one in its place; the price is the same.",
        "That was quick! Will I get a new confirmation by e-mail?",
        "It has just been sent to you. The order number stays the same.",
    )),
    Thread("orders", "Cancel order {order}, please", (
        "I ordered the {product} twice by mistake: the page was slow and I pressed the button again. Please cancel the second order.",
        "The second order is cancelled and nothing will be charged for it. The first one follows its way.",
        "My bank still shows both amounts. Is that normal?",
        "Yes: the second one is only reserved, never collected. It disappears within three working days.",
    ), ("refund",)),
    Thread("orders", "Add a bell to my order", (
        "May I add a brass bell to order {order} without paying for a second delivery?",
        "Gladly. The bell is in the box and a payment link of {amount} is on its way to you.",
        "Paid! Thank you for making it so easy.",
        "Received. Everything leaves together on Thursday.",
    )),
    Thread("delivery", "Parcel marked as delivered, but nothing here", (
        "The carrier says that parcel {order} was handed over yesterday at 11:40. I was at home all day and nobody rang.",
        "I am sorry to read that. I have opened an enquiry with the carrier, who answers within two days. Could you ask your neighbours in the meantime?",
        "I asked on all three floors: nothing. My neighbour saw the van drive past without stopping.",
        "The carrier admits the mistake. A new {product} left our warehouse today, at no cost to you.",
    ), ("lost-parcel", "carrier")),
    Thread("delivery", "Delivery on a Saturday?", (
        "I work far from home during the week. Can order {order} be delivered on a Saturday morning?",
        "It can, in your area. I have booked next Saturday between nine and noon; the driver calls half an hour before.",
        "Perfect. My phone number has changed, by the way: shall I give you the new one?",
        "Please write it in your account, under “My details”: the driver sees it at once.",
    ), ("carrier",)),
    Thread("delivery", "The box was open when it arrived", (
        "My {product} came today in a torn box. It looks fine, but the small bag with the screws is missing.",
        "That should not happen. A new bag of screws leaves today by letter. Please keep the box until it has arrived, in case the carrier asks.",
        "The letter is here and everything fits. Thank you!",
        "Glad to read it. Ride safely.",
    ), ("damaged",)),
    Thread("delivery", "Change of address for {order}", (
        "We are moving on Friday. Can you send order {order} to our new flat instead?",
        "Of course. The parcel has not left yet; please send me the new address and a telephone number.",
        "12 Mill Lane, second floor, the name on the bell is Carter. The number is in my account.",
        "Noted, and thank you. The label has been printed again with the new address.",
    )),
    Thread("returns", "Return of a {product}: how does it work?", (
        "The {product} is lovely but too small for me. How can I send it back, and who pays for it?",
        "You have thirty days, and the return is on us. The label is attached to your order page: print it, close the box, and drop it at any pick-up point.",
        "Dropped this morning. When will I get my money back?",
        "Two days after the parcel reaches us. I have checked: {amount} left for your account today.",
    ), ("refund",)),
    Thread("returns", "Exchange for a larger size", (
        "Could I exchange the helmet of order {order} for a size L? The M presses on my forehead.",
        "A size L is set aside for you. Send the M back with the label on your order page; the L leaves as soon as the carrier has scanned it.",
        "It is on its way. Is the L available in white as well?",
        "It is, and I have changed it for you. Same price.",
    )),
    Thread("returns", "Refund still missing for {order}", (
        "You received my return on the third, and I still cannot see {amount} on my account.",
        "I have looked into it: the refund was blocked because the card had expired. Could you give us another way to pay you back?",
        "I had forgotten about the new card. A bank transfer would be best.",
        "The transfer is done. It shows within two working days. I am sorry for the wait.",
    ), ("refund", "bank")),
    Thread("invoices", "Invoice with our company’s name", (
        "Our accountant needs the invoice of order {order} with the name and the VAT number of the company. Is that possible afterwards?",
        "Yes. Please send me the exact name, the address and the VAT number; the new invoice replaces the first one.",
        "Harbour Couriers Ltd, 4 Quay Street, Bristol. The number is on our order form.",
        "The corrected invoice is in your account and on its way by e-mail.",
    ), ("company",)),
    Thread("invoices", "The total of my invoice looks wrong", (
        "The invoice of {order} says {amount}, but the shop promised ten per cent off for the second lock.",
        "You are right, the discount was not applied. I have sent you a credit note for the difference.",
        "Received, thank you. Shall I pay the rest now?",
        "Yes please, with the same link: it shows the new amount.",
    )),
    Thread("invoices", "A copy of last year’s invoices", (
        "For my insurance I need all invoices of last year. I can only see the last six months in my account.",
        "I have gathered them into one file and put it in your account, under “Documents”. It stays there for thirty days.",
        "Just what I needed. That was fast!",
        "With pleasure.",
    )),
    Thread("payments", "Card refused, but the money is gone", (
        "I tried to pay order {order} three times. Each time the page said that my card was refused, and now {amount} is missing three times.",
        "Please do not worry: nothing was collected. The three reservations end by themselves within two days. Your basket is still here whenever you like to try again.",
        "They are gone, as you said. I paid by bank transfer now.",
        "Your transfer has come in and the order is being packed.",
    ), ("bank",)),
    Thread("payments", "Paying in three times", (
        "Is it possible to pay for the {product} in three instalments?",
        "Yes, from 150 euros and without fees. Choose “Pay in three times” on the last page of the order.",
        "I do not see that choice in my basket.",
        "It was hidden because of the gift card. I have corrected it: please load the page again.",
    )),
    Thread("payments", "Gift card number not accepted", (
        "The shop says that my gift card is unknown. The number on it can hardly be read.",
        "Could you tell me the last four characters and the date of purchase? I will find it with these.",
        "It ends with 7QK2 and was bought on the twelfth of December.",
        "Found. Your card of {amount} is now stored in your account: no need to type the number any more.",
    )),
    Thread("website", "The page stays white when I pay", (
        "With my tablet the payment page stays white after I press the button. On my computer it works.",
        "Thank you for telling us. Which tablet and which browser do you use? In the meantime, your basket waits for you on the computer.",
        "A five-year-old tablet with its own browser. I have no other on it.",
        "We found the mistake: a piece of the page was too new for that browser. It is corrected since noon.",
    ), ("bug",)),
    Thread("website", "I cannot upload the picture of my frame", (
        "The form asks for a picture of the frame number, and refuses mine without saying why.",
        "Our form takes pictures of at most 5 MB. Could you send a smaller one? The message should have said so: we are adding it.",
        "With a smaller picture it worked at once.",
        "We have it, thank you. Your bicycle is registered.",
    ), ("bug",)),
    Thread("app", "The app closes on the map", (
        "Since the last update the app closes by itself each time I open the map of my rides.",
        "We see the same on some telephones. Please delete the stored maps (Settings, then Storage) until the next version comes out.",
        "That helped. Are my old rides lost?",
        "No, they are kept on our side and come back with the next synchronisation.",
    ), ("bug",)),
    Thread("app", "My rides are not synchronised", (
        "The app shows yesterday’s ride, the website does not. I rode forty kilometres and I would like to see them!",
        "The telephone was waiting for Wi-Fi. Please allow mobile data under Settings, then Synchronisation.",
        "Done, and there they are. Forty-two, in fact.",
        "Well ridden! I am closing your request.",
    )),
    Thread("accounts", "I do not receive the link to sign in", (
        "I have asked for the sign-in link four times and nothing comes. I looked into the spam folder too.",
        "Your provider refused our mails because your mailbox was full. Could you make some room and try again?",
        "You were right, it was full of newsletters. The link has come.",
        "Happy to hear it.",
    ), ("sign-in",)),
    Thread("accounts", "Delete my account, please", (
        "I have sold my bicycle and do not need the account any more. Please delete it with everything it holds.",
        "I can do that. By law we keep the invoices for ten years; everything else goes. Do you confirm?",
        "I confirm. Thank you for your good service during all these years.",
        "It is done. All the best to you!",
    ), ("privacy",)),
    Thread("accounts", "Two accounts with the same name", (
        "It seems that I have two accounts, one with my old address. Can you bring them together?",
        "I have found both. Please confirm from the old address, so that we are sure that it is yours.",
        "I have just written from the old one.",
        "Thank you. All your orders now stand in one account.",
    ), ("sign-in",)),
    Thread("repairs", "Squeaking brakes on my {product}", (
        "Since the rain of last week the front brake squeaks so loudly that people turn round.",
        "It is most likely grease on the disc. Clean it with alcohol and let it dry; if it still squeaks, bring it to us on any morning.",
        "Cleaned twice, and it still sings. May I come on Wednesday?",
        "Wednesday at nine is noted. Count half an hour.",
    ), ("workshop",)),
    Thread("repairs", "How long is the wait for a service?", (
        "My bicycle needs its yearly service before a trip on the 20th. Do you have a place?",
        "Our next free place is on the 14th, and you have it back on the 15th. Shall I book it?",
        "Yes please, under the name of my account. The rear light should be looked at as well.",
        "Booked, with the rear light. See you on the 14th from eight o’clock.",
    ), ("workshop",)),
    Thread("repairs", "The motor stops at every hill", (
        "My electric {product} is six months old and the motor stops after ten seconds uphill. It starts again when I switch it off and on.",
        "It sounds like the sensor of the pedals. This is covered by the guarantee: could you bring it with the charger?",
        "I have no car. Can somebody fetch it?",
        "Our van comes by on Tuesday afternoon, free of charge. The driver calls you before.",
    ), ("warranty", "workshop")),
    Thread("parts", "Which chain fits my {product}?", (
        "I would like to change the chain myself. Which one fits a {product} of 2021?",
        "The nine-speed chain with 116 links. It must be shortened by two links; the tool is in the same drawer of the shop.",
        "Thank you. Is the old quick link good for the new chain?",
        "Better take a new one: it comes with the chain.",
    )),
    Thread("parts", "Spare key for the lock", (
        "I have lost one of the two keys. Can you make another with the number on the lock?",
        "The maker can, in about two weeks, for {amount}. We need the number and a picture of the proof of purchase.",
        "Here is the number: the last digits are 4471. The picture is in my account.",
        "The key is ordered. We will write as soon as it is here.",
    )),
    Thread("sales", "Offer for twelve delivery bicycles", (
        "We deliver meals in the centre of the town and look for twelve bicycles with boxes. Could you make us an offer, with the yearly service?",
        "With pleasure. You will find our offer in your account; it holds until the end of the month. May I call you to explain the service plans?",
        "Please call on Monday after two. Could we try one of them for a week?",
        "Of course: one is ready for you from Tuesday on.",
    ), ("company",)),
    Thread("sales", "Is the {product} suitable for children?", (
        "My daughter is nine and 134 cm tall. Is the {product} right for her, or should I take the smaller one?",
        "At that height the smaller one is the better choice today, and the saddle grows with her for two years.",
        "Thank you for the honest answer. Do you take it back when she has grown?",
        "Yes, we buy our own children’s bicycles back for 40 % of the price.",
    )),
)  # fmt: skip

FOLLOW_UPS: tuple[tuple[str, str], ...] = (
    ("Is there any news?", "Not yet, but we have not forgotten you. You will hear from us before the end of the week."),
    ("Could you tell me how long this will take?", "Two or three working days. I will write as soon as I know more."),
    ("I have sent what you asked for.", "Thank you, everything has arrived. We are looking into it."),
    ("One more question: does the guarantee cover this?", "It does, for two years, with no cost for you."),
    ("It worked for a day, and now it is back.", "Thank you for trying. I have passed it to a colleague."),
)

THANKS = (
    "Everything is settled. Thank you for your help!",
    "It works now, thank you very much.",
    "Perfect, you can close the request.",
)

NOTES = (
    "Called the carrier: they look for the parcel and call back tomorrow.",
    "Regular customer, please be generous.",
    "Same case as last month: see the procedure in the blue folder.",
    "The workshop has confirmed. We only wait for the part.",
)

SPAM: tuple[tuple[str, str], ...] = (
    ("Your website on the first page", "We bring your shop to the first page of every search engine in seven days. Answer to get our prices."),
    ("Unpaid balance", "Dear customer, your balance is overdue. Open the attached document and confirm your bank details today."),
    ("Cheap watches", "Finest watches at 90 % off, only today, only for you."),
)  # fmt: skip
