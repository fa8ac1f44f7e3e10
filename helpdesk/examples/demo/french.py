"""French threads of the demo: a bicycle shop, its customers, and what they write. Invented from first to last."""

# ruff: noqa: E501  A text is one line, however long.
from __future__ import annotations

from helpdesk.examples.demo.thread import Thread

GREETINGS = ("Bonjour,", "Bonjour à toute l’équipe,", "Madame, Monsieur,", "Bonsoir,", "Bonjour à tous,")
CLOSINGS = ("Cordialement", "Merci d’avance !", "Bien cordialement", "Avec mes remerciements", "Bonne journée !")
ANSWER_GREETING = "Bonjour,"
ANSWER_CLOSING = "Bien cordialement"

THREADS: tuple[Thread, ...] = (
    Thread("orders", "Où en est ma commande {order} ?", (
        "J’ai commandé un {product} il y a neuf jours et la page affiche toujours « en préparation ». Quand doit-il partir ?",
        "Votre {product} attendait une dernière pièce, reçue ce matin. Le colis part demain et vous recevrez le numéro de suivi par e-mail.",
        "Parfait, le numéro vient d’arriver. Faut-il que quelqu’un signe à la livraison ?",
        "Oui, le transporteur demande une signature. En cas d’absence, le colis vous attend dix jours au point relais le plus proche.",
    )),
    Thread("orders", "Erreur de couleur dans la commande {order}", (
        "J’ai cliqué sur le {product} bleu alors que je voulais le vert. Est-il encore temps de changer ?",
        "Vous nous écrivez juste à temps : la commande n’était pas encore emballée. J’ai mis le vert à la place, au même prix.",
        "Quelle rapidité ! Vais-je recevoir une nouvelle confirmation ?",
        "Elle vient de partir. Le numéro de commande ne change pas.",
    )),
    Thread("orders", "Annulation de la commande {order}", (
        "J’ai commandé deux fois le même {product} : la page était lente et j’ai appuyé de nouveau. Merci d’annuler la seconde commande.",
        "La seconde commande est annulée et ne vous sera pas facturée. La première suit son cours.",
        "Ma banque affiche encore les deux montants, est-ce normal ?",
        "Oui : le second est seulement réservé et ne sera jamais prélevé. Il disparaît sous trois jours ouvrés.",
    ), ("remboursement",)),
    Thread("orders", "Ajouter une sonnette à ma commande", (
        "Puis-je ajouter une sonnette en laiton à la commande {order} sans payer une seconde livraison ?",
        "Volontiers. La sonnette est dans le carton et un lien de paiement de {amount} vous a été envoyé.",
        "C’est réglé, merci pour votre souplesse.",
        "Bien reçu. Tout part ensemble jeudi.",
    )),
    Thread("delivery", "Colis indiqué livré, mais rien reçu", (
        "Le transporteur affirme avoir remis le colis {order} hier à 11 h 40. J’étais chez moi toute la journée et personne n’a sonné.",
        "Je suis désolée de l’apprendre. Une enquête est ouverte auprès du transporteur, qui répond sous deux jours. Pourriez-vous demander à vos voisins ?",
        "J’ai demandé aux trois étages : rien. Ma voisine a vu la camionnette passer sans s’arrêter.",
        "Le transporteur reconnaît son erreur. Un nouveau {product} est parti aujourd’hui, sans frais pour vous.",
    ), ("colis-perdu", "transporteur")),
    Thread("delivery", "Livraison possible le samedi ?", (
        "Je travaille loin de chez moi en semaine. La commande {order} peut-elle être livrée un samedi matin ?",
        "C’est possible dans votre secteur. J’ai réservé samedi prochain entre neuf heures et midi ; le livreur vous appelle une demi-heure avant.",
        "Parfait. Mon numéro de téléphone a changé : dois-je vous le donner ?",
        "Inscrivez-le dans votre compte, sous « Mes coordonnées » : le livreur le verra aussitôt.",
    ), ("transporteur",)),
    Thread("delivery", "Carton ouvert à l’arrivée", (
        "Mon {product} est arrivé aujourd’hui dans un carton déchiré. Il semble intact, mais il manque le sachet de vis.",
        "Cela n’aurait pas dû arriver. Un nouveau sachet part aujourd’hui par courrier. Gardez le carton jusque-là, au cas où le transporteur le demanderait.",
        "Le courrier est là et tout est en place. Merci !",
        "Ravi de l’apprendre. Bonne route à vous.",
    ), ("abîmé",)),
    Thread("delivery", "Changement d’adresse pour {order}", (
        "Nous déménageons vendredi. Pouvez-vous envoyer la commande {order} à notre nouvelle adresse ?",
        "Bien sûr, le colis n’est pas encore parti. Merci de m’indiquer l’adresse et un numéro de téléphone.",
        "12 rue du Moulin, deuxième étage, au nom de Mercier. Le numéro est dans mon compte.",
        "C’est noté, merci. L’étiquette a été réimprimée avec la nouvelle adresse.",
    )),
    Thread("returns", "Comment renvoyer un {product} ?", (
        "Le {product} est très beau mais trop petit pour moi. Comment le renvoyer, et à qui la charge du retour ?",
        "Vous avez trente jours et le retour est offert. L’étiquette se trouve sur la page de votre commande : imprimez-la et déposez le carton dans un point relais.",
        "Déposé ce matin. Quand serai-je remboursé ?",
        "Deux jours après l’arrivée du colis. J’ai vérifié : {amount} sont partis vers votre compte aujourd’hui.",
    ), ("remboursement",)),
    Thread("returns", "Échange contre une taille plus grande", (
        "Puis-je échanger le casque de la commande {order} contre une taille L ? Le M me serre le front.",
        "Un casque en L vous est réservé. Renvoyez le M avec l’étiquette de votre commande ; le L part dès que le transporteur l’a scanné.",
        "Il est en route. Le L existe-t-il aussi en blanc ?",
        "Oui, et je l’ai changé pour vous. Le prix est le même.",
    )),
    Thread("returns", "Remboursement toujours attendu ({order})", (
        "Vous avez reçu mon retour le trois et je ne vois toujours pas les {amount} sur mon compte.",
        "J’ai cherché : le remboursement était bloqué parce que la carte avait expiré. Souhaitez-vous un autre moyen ?",
        "J’avais oublié ma nouvelle carte. Un virement serait l’idéal.",
        "Le virement est fait et apparaîtra sous deux jours ouvrés. Veuillez excuser cette attente.",
    ), ("remboursement", "banque")),
    Thread("invoices", "Facture au nom de notre société", (
        "Notre comptable a besoin de la facture {order} au nom de la société, avec le numéro de TVA. Est-ce possible après coup ?",
        "Oui. Envoyez-moi le nom exact, l’adresse et le numéro de TVA ; la nouvelle facture remplace la première.",
        "Courriers du Port SARL, 4 quai des Brumes, Nantes. Le numéro figure sur notre bon de commande.",
        "La facture corrigée est dans votre compte et part aussi par e-mail.",
    ), ("société",)),
    Thread("invoices", "Le total de ma facture semble faux", (
        "La facture {order} indique {amount}, alors que la boutique annonçait dix pour cent de remise sur le second antivol.",
        "Vous avez raison, la remise n’a pas été appliquée. Je vous envoie un avoir pour la différence.",
        "Bien reçu, merci. Dois-je payer le reste maintenant ?",
        "Oui, avec le même lien : il affiche le nouveau montant.",
    )),
    Thread("invoices", "Copie des factures de l’an dernier", (
        "Pour mon assurance, il me faut toutes les factures de l’an dernier. Mon compte ne montre que les six derniers mois.",
        "Je les ai réunies en un seul fichier, dans votre compte, sous « Documents ». Il y reste trente jours.",
        "C’est exactement ce qu’il me fallait. Quelle efficacité !",
        "Avec plaisir.",
    )),
    Thread("payments", "Carte refusée, mais argent débité", (
        "J’ai tenté trois fois de payer la commande {order}. La page dit chaque fois que ma carte est refusée, et {amount} manquent trois fois.",
        "Rassurez-vous, rien n’a été prélevé. Les trois réservations tombent d’elles-mêmes sous deux jours. Votre panier vous attend.",
        "Elles ont disparu, comme vous le disiez. J’ai payé par virement.",
        "Votre virement est arrivé et la commande est en cours d’emballage.",
    ), ("banque",)),
    Thread("payments", "Paiement en trois fois", (
        "Est-il possible de payer le {product} en trois fois ?",
        "Oui, à partir de 150 euros et sans frais. Choisissez « Payer en trois fois » à la dernière page de la commande.",
        "Je ne vois pas ce choix dans mon panier.",
        "Il était masqué à cause de la carte cadeau. C’est corrigé : merci de recharger la page.",
    )),
    Thread("payments", "Numéro de carte cadeau refusé", (
        "La boutique ne connaît pas ma carte cadeau. Le numéro est presque illisible.",
        "Pouvez-vous me donner les quatre derniers caractères et la date d’achat ? Je la retrouverai ainsi.",
        "Elle finit par 7QK2 et a été achetée le douze décembre.",
        "Retrouvée. Votre carte de {amount} est désormais dans votre compte : plus besoin de taper le numéro.",
    )),
    Thread("website", "La page reste blanche au paiement", (
        "Sur ma tablette, la page de paiement reste blanche après le bouton. Sur mon ordinateur, tout va bien.",
        "Merci de nous prévenir. Quelle tablette et quel navigateur utilisez-vous ? En attendant, votre panier vous attend sur l’ordinateur.",
        "Une tablette de cinq ans avec son navigateur d’origine. Je n’en ai pas d’autre.",
        "Nous avons trouvé l’erreur : un morceau de la page était trop récent pour ce navigateur. C’est corrigé depuis midi.",
    ), ("anomalie",)),
    Thread("website", "Impossible d’envoyer la photo de mon cadre", (
        "Le formulaire demande une photo du numéro de cadre et refuse la mienne sans dire pourquoi.",
        "Le formulaire accepte des photos de 5 Mo au plus. Pourriez-vous en envoyer une plus légère ? Le message devrait le dire : nous l’ajoutons.",
        "Avec une photo plus petite, cela a marché tout de suite.",
        "Nous l’avons, merci. Votre vélo est enregistré.",
    ), ("anomalie",)),
    Thread("app", "L’application se ferme sur la carte", (
        "Depuis la dernière mise à jour, l’application se ferme chaque fois que j’ouvre la carte de mes sorties.",
        "Nous voyons la même chose sur certains téléphones. Effacez les cartes enregistrées (Réglages, puis Stockage) en attendant la prochaine version.",
        "Cela a suffi. Mes anciennes sorties sont-elles perdues ?",
        "Non, elles sont gardées chez nous et reviennent à la prochaine synchronisation.",
    ), ("anomalie",)),
    Thread("app", "Mes sorties ne se synchronisent pas", (
        "L’application montre ma sortie d’hier, le site non. Quarante kilomètres, j’aimerais bien les voir !",
        "Le téléphone attendait le Wi-Fi. Autorisez les données mobiles sous Réglages, puis Synchronisation.",
        "C’est fait, et les voilà. Quarante-deux, en réalité.",
        "Bravo ! Je ferme votre demande.",
    )),
    Thread("accounts", "Je ne reçois pas le lien de connexion", (
        "J’ai demandé quatre fois le lien de connexion et rien n’arrive, pas même dans les indésirables.",
        "Votre messagerie a refusé nos envois parce que votre boîte était pleine. Pourriez-vous faire un peu de place et réessayer ?",
        "Vous aviez raison, elle débordait de lettres d’information. Le lien est arrivé.",
        "Heureux de le lire.",
    ), ("connexion",)),
    Thread("accounts", "Suppression de mon compte", (
        "J’ai vendu mon vélo et n’ai plus besoin du compte. Merci de l’effacer avec tout ce qu’il contient.",
        "C’est possible. La loi nous oblige à garder les factures dix ans ; tout le reste disparaît. Confirmez-vous ?",
        "Je confirme. Merci pour votre accueil pendant toutes ces années.",
        "C’est fait. Bonne continuation à vous !",
    ), ("données-personnelles",)),
    Thread("accounts", "Deux comptes au même nom", (
        "Il semble que j’aie deux comptes, dont un avec mon ancienne adresse. Pouvez-vous les réunir ?",
        "Je les ai trouvés. Merci de confirmer depuis l’ancienne adresse, pour être sûrs qu’elle est à vous.",
        "Je viens d’écrire depuis l’ancienne.",
        "Merci. Toutes vos commandes sont maintenant dans un seul compte.",
    ), ("connexion",)),
    Thread("repairs", "Freins qui grincent sur mon {product}", (
        "Depuis la pluie de la semaine dernière, le frein avant grince si fort que les passants se retournent.",
        "C’est sans doute de la graisse sur le disque. Nettoyez-le à l’alcool et laissez sécher ; s’il grince encore, passez un matin.",
        "Nettoyé deux fois, et il chante toujours. Puis-je venir mercredi ?",
        "C’est noté pour mercredi à neuf heures. Comptez une demi-heure.",
    ), ("atelier",)),
    Thread("repairs", "Quel délai pour une révision ?", (
        "Mon vélo a besoin de sa révision annuelle avant un voyage le 20. Avez-vous une place ?",
        "Notre prochaine place est le 14, et vous le récupérez le 15. Je réserve ?",
        "Oui, au nom de mon compte. Le feu arrière est à regarder aussi.",
        "C’est réservé, avec le feu arrière. À partir de huit heures le 14.",
    ), ("atelier",)),
    Thread("repairs", "Le moteur s’arrête à chaque côte", (
        "Mon {product} électrique a six mois et le moteur s’arrête après dix secondes de montée. Il repart quand je l’éteins et le rallume.",
        "Cela ressemble au capteur du pédalier. C’est sous garantie : pouvez-vous l’apporter avec le chargeur ?",
        "Je n’ai pas de voiture. Quelqu’un peut-il venir le chercher ?",
        "Notre camionnette passe mardi après-midi, gratuitement. Le livreur vous appelle avant.",
    ), ("garantie", "atelier")),
    Thread("parts", "Quelle chaîne pour mon {product} ?", (
        "Je voudrais changer la chaîne moi-même. Laquelle convient à un {product} de 2021 ?",
        "La chaîne neuf vitesses de 116 maillons, à raccourcir de deux maillons ; l’outil est au même rayon de la boutique.",
        "Merci. L’ancienne attache rapide convient-elle à la nouvelle chaîne ?",
        "Mieux vaut en prendre une neuve : elle est fournie avec la chaîne.",
    )),
    Thread("parts", "Double de clé pour l’antivol", (
        "J’ai perdu une des deux clés. Pouvez-vous en refaire une avec le numéro de l’antivol ?",
        "Le fabricant le peut, en deux semaines environ, pour {amount}. Il nous faut le numéro et une photo de la preuve d’achat.",
        "Voici le numéro : il finit par 4471. La photo est dans mon compte.",
        "La clé est commandée. Nous vous écrirons dès qu’elle sera là.",
    )),
    Thread("sales", "Devis pour douze vélos de livraison", (
        "Nous livrons des repas au centre-ville et cherchons douze vélos avec caisse. Pourriez-vous nous faire une offre, entretien annuel compris ?",
        "Avec plaisir. Notre offre est dans votre compte, valable jusqu’à la fin du mois. Puis-je vous appeler pour présenter les formules d’entretien ?",
        "Appelez lundi après quatorze heures. Pourrions-nous en essayer un pendant une semaine ?",
        "Bien sûr : il vous attend à partir de mardi.",
    ), ("société",)),
    Thread("sales", "Le {product} convient-il aux enfants ?", (
        "Ma fille a neuf ans et mesure 1,34 m. Le {product} lui convient-il, ou faut-il prendre le plus petit ?",
        "À cette taille, le plus petit est le bon choix aujourd’hui, et la selle la suivra pendant deux ans.",
        "Merci pour cette réponse honnête. Le reprenez-vous quand elle aura grandi ?",
        "Oui, nous rachetons nos vélos d’enfant à 40 % de leur prix.",
    )),
)  # fmt: skip

FOLLOW_UPS: tuple[tuple[str, str], ...] = (
    ("Avez-vous des nouvelles ?", "Pas encore, mais nous ne vous oublions pas. Réponse avant la fin de la semaine."),
    ("Savez-vous combien de temps cela prendra ?", "Deux ou trois jours ouvrés. Je vous écris dès que j’en sais plus."),
    ("Je vous ai envoyé ce que vous demandiez.", "Merci, tout est bien arrivé. Nous regardons cela."),
    ("Une dernière question : est-ce sous garantie ?", "Oui, pendant deux ans, sans frais pour vous."),
    ("Cela a tenu une journée, puis c’est revenu.", "Merci d’avoir essayé. J’ai confié la demande à un collègue."),
)

THANKS = (
    "Tout est réglé. Merci pour votre aide !",
    "Cela fonctionne maintenant, merci beaucoup.",
    "Parfait, vous pouvez fermer la demande.",
)

NOTES = (
    "Transporteur appelé : il cherche le colis et rappelle demain.",
    "Client fidèle, soyons généreux.",
    "Même cas que le mois dernier : voir la procédure du classeur bleu.",
    "L’atelier a confirmé. Il ne manque que la pièce.",
)

SPAM: tuple[tuple[str, str], ...] = (
    ("Votre site en première page", "Nous plaçons votre boutique en première page de tous les moteurs en sept jours. Répondez pour connaître nos tarifs."),
    ("Solde impayé", "Cher client, votre solde est en retard. Ouvrez le document joint et confirmez vos coordonnées bancaires aujourd’hui."),
    ("Montres à petit prix", "Les plus belles montres à −90 %, aujourd’hui seulement, rien que pour vous."),
)  # fmt: skip
